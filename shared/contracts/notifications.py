"""The facts that notifications publishes: what the patient was told, whether it arrived, and who reached them."""

from typing import ClassVar, Literal

from shared.contracts.language import Fact, Reason
from shared.contracts.vocabulary import Open

Medium = Literal["sms", "email", "phone", "letter"]
MessageKind = Literal[
    "referral_received",
    "visit_booked",
    "visit_moved",
    "visit_cancelled",
    "visit_reminder",
    "visit_missed",
    "referral_cancelled",
]
ContactOutcome = Literal["will_attend", "wants_other_time", "declined", "no_answer", "informed"]


class MessageSent(Fact):
    """A gateway took the message. `about` is the opaque id of what it speaks of."""

    TYPE: ClassVar[str] = "org.throughline.message.sent"

    referral_id: str
    message_id: str
    kind: Open[MessageKind]
    about: str
    attempt: int
    medium: Open[Medium]


class MessageDelivered(Fact):
    """The gateway says that the message arrived."""

    TYPE: ClassVar[str] = "org.throughline.message.delivered"

    referral_id: str
    message_id: str
    kind: Open[MessageKind]
    about: str
    attempt: int
    medium: Open[Medium]


class MessageFailed(Fact):
    """The message will not arrive by this medium."""

    TYPE: ClassVar[str] = "org.throughline.message.failed"

    referral_id: str
    message_id: str
    kind: Open[MessageKind]
    about: str
    attempt: int
    medium: Open[Medium]
    reason: Reason


class MessageUnknown(Fact):
    """Nobody can say whether the message went out, and it may not be sent twice: a person calls."""

    TYPE: ClassVar[str] = "org.throughline.message.unknown"

    referral_id: str
    message_id: str
    kind: Open[MessageKind]
    about: str
    attempt: int
    medium: Open[Medium]


class ContactRecorded(Fact):
    """A person spoke with the patient, or tried to."""

    TYPE: ClassVar[str] = "org.throughline.contact.recorded"

    referral_id: str
    contact_id: str
    outcome: Open[ContactOutcome]


class PatientUnreachable(Fact):
    """Every medium was tried and nobody was reached: the ordering clinician decides what to do."""

    TYPE: ClassVar[str] = "org.throughline.patient.unreachable"

    referral_id: str
    attempts: int


FACTS: tuple[type[Fact], ...] = (
    MessageSent,
    MessageDelivered,
    MessageFailed,
    MessageUnknown,
    ContactRecorded,
    PatientUnreachable,
)
