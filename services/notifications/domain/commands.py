"""The commands of a conversation. They hold patient data only as seals."""

from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain.state import Medium, VisitEnd
from shared.contracts.language import Command, Reason
from shared.contracts.notifications import ContactOutcome


@dataclass(frozen=True, kw_only=True)
class KeepContact(Command):
    """Keep how the patient can be written to: media that can work, in the order to try; none is possible.

    `zones` are all that may be the patient's, where it is not known which is.
    """

    referral_id: str
    media: tuple[Medium, ...]
    timezone: str
    seal: str | None
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnnounceVisit(Command):
    """A visit was booked: tell the patient and remind of it. `replaces` is the visit that it moves."""

    visit_id: str
    replaces: str | None
    starts_at: datetime
    timezone: str
    seal: str


@dataclass(frozen=True, kw_only=True)
class EndVisit(Command):
    """The visit is off or over: stop reminders, and correct what the patient was told."""

    visit_id: str
    status: VisitEnd


@dataclass(frozen=True, kw_only=True)
class StopForCancellation(Command):
    """The referral was cancelled, `because` of a coded reason: stop, and tell a patient who had been told something."""

    because: str


@dataclass(frozen=True, kw_only=True)
class StopForClosing(Command):
    """The referral was closed with this outcome: stop, except for messages about a cancellation."""

    outcome: str


@dataclass(frozen=True, kw_only=True)
class RecordSent(Command):
    """A gateway took message `number`."""

    number: int


@dataclass(frozen=True, kw_only=True)
class RecordRefusal(Command):
    """A gateway refused message `number` for good: it never went out."""

    number: int
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class RecordReceipt(Command):
    """A gateway reported on message `number`, which it had taken: it arrived, or will not (`reason`)."""

    number: int
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class RecordMayHaveGone(Command):
    """Message `number` was dropped, but a send of it had begun: the patient may have it."""

    number: int


@dataclass(frozen=True, kw_only=True)
class Postpone(Command):
    """The gateway client found it too late, or outside lawful hours, for message `number`."""

    number: int


@dataclass(frozen=True, kw_only=True)
class RecordContact(Command):
    """A person called the patient, or tried to."""

    contact_id: str
    is_reached: bool
    outcome: ContactOutcome
