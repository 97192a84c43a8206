"""The private facts of a conversation. Those that are published are in `shared.contracts.notifications`."""

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
    """A visit is booked; the one that it replaces is over."""

    visit: Visit
    replaces: str | None


@dataclass(frozen=True)
class VisitEnded:
    """A visit is off or over."""

    visit_id: str
    status: VisitEnd
    at: datetime


@dataclass(frozen=True)
class CancellationNoted:
    """The referral is cancelled. `is_silent`: nothing may be said to anybody."""

    at: datetime
    is_silent: bool


@dataclass(frozen=True)
class ClosingNoted:
    """The referral is closed."""

    is_silent: bool


@dataclass(frozen=True)
class MessagePlanned:
    """An attempt begins: the engine sends it."""

    message: Message


@dataclass(frozen=True)
class MessageDropped:
    """A message that was not knowingly sent is not wanted any more."""

    number: int
    at: datetime


@dataclass(frozen=True)
class MessagePostponed:
    """A message was stopped before it was sent. Its notice is sent at the next lawful hour by another message."""

    number: int
    at: datetime


@dataclass(frozen=True)
class NoticeLapsed:
    """It is too late to say these notices."""

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
