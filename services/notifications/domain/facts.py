"""What happens to a conversation and is nobody else's business. What is told is in `shared.contracts.notifications`."""

from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain.state import ContactChannels, Message, Notice, Visit, VisitEnd
from shared.contracts.notifications import (
    ContactRecorded,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    MessageUnknown,
    PatientUnreachable,
)


@dataclass(frozen=True)
class ContactKept:
    """How the patient can be written to is known, or known anew."""

    referral_id: str
    reach: ContactChannels


@dataclass(frozen=True)
class VisitNoted:
    """Scheduling told of a visit; the one that it replaces is over."""

    visit: Visit
    replaces: str | None


@dataclass(frozen=True)
class VisitEnded:
    """Scheduling told what became of a visit."""

    visit_id: str
    status: VisitEnd
    at: datetime


@dataclass(frozen=True)
class CancellationNoted:
    """Intake told that the referral is cancelled. `is_silent`: nothing may be said to anybody."""

    at: datetime
    is_silent: bool


@dataclass(frozen=True)
class ClosingNoted:
    """Intake told that the referral is closed."""

    is_silent: bool


@dataclass(frozen=True)
class MessagePlanned:
    """An attempt begins: the engine sends it now."""

    message: Message


@dataclass(frozen=True)
class MessageDropped:
    """A message that nobody knows to have gone out is not wanted any more."""

    number: int
    at: datetime


@dataclass(frozen=True)
class MessagePostponed:
    """A message was stopped at the gateway's door: what it says is said at the next lawful hour, by another."""

    number: int
    at: datetime


@dataclass(frozen=True)
class NoticeLapsed:
    """It is too late to say it."""

    notice: Notice


@dataclass(frozen=True)
class NoticesPhoned:
    """A person said these to the patient."""

    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class MessagesHeld:
    """A moment to send came and was not lawful any more when it was seen: the next lawful one counts from here."""

    at: datetime


PublishedFact = MessageSent | MessageDelivered | MessageFailed | MessageUnknown
Private = (
    ContactKept
    | VisitNoted
    | VisitEnded
    | CancellationNoted
    | ClosingNoted
    | MessagePlanned
    | MessageDropped
    | MessagePostponed
    | NoticeLapsed
    | NoticesPhoned
    | MessagesHeld
)
ConversationFact = PublishedFact | ContactRecorded | PatientUnreachable | Private
