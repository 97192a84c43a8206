"""What is known of one conversation: whom it is with, what there is to say, and what was said. Values only.

Patient data is here only as seals, which travel to the gateways unopened; instants are technical.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

Medium = Literal["sms", "email"]
Kind = Literal["visit_booked", "visit_moved", "visit_cancelled", "visit_reminder", "visit_missed", "referral_cancelled"]
VisitEnd = Literal["cancelled", "missed", "fulfilled"]
VisitStatus = Literal["booked", "replaced", VisitEnd]
MessageStatus = Literal["due", "sent", "delivered", "failed", "unknown", "dropped", "postponed", "gone"]

ANNOUNCING = frozenset({"visit_booked", "visit_moved"})
"""The kinds that tell of a visit."""
AT_MOST_ONCE = frozenset({"visit_reminder"})
"""The kinds that are rather not said than said twice."""


@dataclass(frozen=True, slots=True)
class ContactChannels:
    """How the patient can be written to: media in the order to try, the sealed contact; `edition` counts changes.

    Where it is not known which of several zones is the patient's, `zones` has them all.
    """

    media: tuple[Medium, ...]
    timezone: str
    seal: str | None
    since: AwareDatetime
    edition: int = 1
    zones: tuple[str, ...] = ()

    @property
    def clocks(self) -> tuple[str, ...]:
        """The zones whose hours are kept."""
        return self.zones or (self.timezone,)


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that scheduling told of; `timezone` is the site's."""

    visit_id: str
    starts_at: AwareDatetime
    timezone: str
    seal: str
    heard_at: AwareDatetime
    status: VisitStatus = "booked"
    ended_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the patient ought to hear; reminders differ in how many days before the visit they come."""

    kind: Kind
    about: str
    days_before: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt to say a notice by one medium; `number` is its effect's revision. `at` is its last change.

    dropped: not wanted any more before anybody knew of its going out; postponed: stopped at the gateway's door;
    gone: either of these, but it may have gone out.
    """

    number: int
    notice: Notice
    attempt: int
    medium: Medium
    edition: int
    at: AwareDatetime
    status: MessageStatus = "due"
    was_sent: bool = False
    is_owed: bool = True

    @property
    def effect_kind(self) -> str:
        """The kind of its effect: what may be told twice is sent again in doubt, and what may not is not."""
        return f"{self.medium}_once" if self.notice.kind in AT_MOST_ONCE else self.medium


@dataclass(frozen=True, slots=True)
class Conversation:
    """One per referral.

    `phoned` and `lapsed` are notices that a person said, or that it became too late for; `held_since` forbids sending
    on the strength of an earlier moment. `unanswered` counts a person's calls in a row that nobody took,
    since the patient had something new to hear or was known to be within reach.
    """

    referral_id: str = ""
    reach: ContactChannels | None = None
    visits: tuple[Visit, ...] = ()
    messages: tuple[Message, ...] = ()
    phoned: tuple[Notice, ...] = ()
    lapsed: tuple[Notice, ...] = ()
    held_since: AwareDatetime | None = None
    cancelled_at: AwareDatetime | None = None
    is_closed: bool = False
    is_silent: bool = False
    contacts: tuple[str, ...] = ()
    unanswered: int = 0
    called_at: AwareDatetime | None = None
    unreachable_at: AwareDatetime | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the referral goes on no more."""
        return self.is_closed or self.cancelled_at is not None

    def visit(self, visit_id: str) -> Visit | None:
        """The visit of this id, if scheduling told of it."""
        return next((visit for visit in self.visits if visit.visit_id == visit_id), None)

    def message(self, number: int) -> Message | None:
        """The message of this number."""
        return self.messages[number - 1] if 0 < number <= len(self.messages) else None

    def message_id(self, number: int) -> str:
        """The id that the world knows a message by: it carries its referral, and both are opaque."""
        return f"{self.referral_id}.{number}"


INITIAL = Conversation()


def latest(*instants: datetime | None) -> datetime:
    """The latest of the instants that are known; at least one must be."""
    return max(instant for instant in instants if instant is not None)
