"""A conversation with an invented patient: commands as the doors would send them, `minutes` after noon in New York."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.notifications.domain import (
    INITIAL,
    AnnounceVisit,
    Conversation,
    EndVisit,
    KeepContact,
    Medium,
    Postpone,
    RecordContact,
    RecordMayHaveGone,
    RecordReceipt,
    RecordRefusal,
    RecordSent,
    StopForCancellation,
    StopForClosing,
    decide,
    evolve,
)
from services.notifications.domain.state import VisitEnd
from shared.contracts.language import Actor, Command, EffectNeedsPerson, Fact, Reason, Tick
from shared.contracts.notifications import ContactOutcome

REFERRAL = "demo-abcdefghijklmnopqrstuvwxyz"
ZONE = "America/New_York"
NOON = datetime(2027, 3, 1, 17, tzinfo=UTC)
"""A Monday, 12:00 in New York."""
VISIT_AT = NOON + timedelta(days=10)
SCHEDULING, INTAKE = Actor(kind="service", id="scheduling"), Actor(kind="service", id="intake")
CASEY = Actor(kind="person", id="casey.coordinator")
OURS = Actor(kind="service", id="notifications")
UNDELIVERED = Reason(system="twilio", code="30003")

Some = TypeVar("Some", bound=Fact)


def after(minutes: float = 0) -> datetime:
    """An instant after noon."""
    return NOON + timedelta(minutes=minutes)


def told_by(actor: Actor, minutes: float) -> dict[str, Any]:
    """Who, when and how."""
    return {"at": after(minutes), "by": actor, "channel": "kafka"}


def contact(
    *media: Medium, minutes: float = 0, seal: str = "sealed-contact", zone: str = ZONE, zones: tuple[str, ...] = ()
) -> KeepContact:
    """The patient can be written to by these media."""
    return KeepContact(
        **told_by(INTAKE, minutes), referral_id=REFERRAL, media=media, timezone=zone, seal=seal, zones=zones
    )


def booked(
    visit_id: str = "visit-1",
    minutes: float = 0,
    *,
    starts_at: datetime = VISIT_AT,
    replaces: str | None = None,
    zone: str = ZONE,
) -> AnnounceVisit:
    """A visit was booked."""
    return AnnounceVisit(
        **told_by(SCHEDULING, minutes),
        visit_id=visit_id,
        replaces=replaces,
        starts_at=starts_at,
        timezone=zone,
        seal=f"sealed-{visit_id}",
    )


def ended(status: VisitEnd, visit_id: str = "visit-1", minutes: float = 0) -> EndVisit:
    """A visit was cancelled, missed or fulfilled."""
    return EndVisit(**told_by(SCHEDULING, minutes), visit_id=visit_id, status=status)


def cancelled(minutes: float = 0, because: str = "changed-plan") -> StopForCancellation:
    """The referral was cancelled."""
    return StopForCancellation(**told_by(INTAKE, minutes), because=because)


def closed(minutes: float = 0, outcome: str = "completed") -> StopForClosing:
    """The referral was closed."""
    return StopForClosing(**told_by(INTAKE, minutes), outcome=outcome)


def sent(number: int = 1, minutes: float = 0) -> RecordSent:
    """A gateway took the message."""
    return RecordSent(**told_by(OURS, minutes), number=number)


def refused(number: int = 1, minutes: float = 0) -> RecordRefusal:
    """A gateway refused the message for good."""
    return RecordRefusal(**told_by(OURS, minutes), number=number, reason=Reason(system="twilio", code="21211"))


def delivered(number: int = 1, minutes: float = 0) -> RecordReceipt:
    """The message arrived."""
    return RecordReceipt(**told_by(OURS, minutes), number=number)


def undelivered(number: int = 1, minutes: float = 0) -> RecordReceipt:
    """The message did not arrive."""
    return RecordReceipt(**told_by(OURS, minutes), number=number, reason=UNDELIVERED)


def may_have_gone(number: int = 1, minutes: float = 0) -> RecordMayHaveGone:
    """A dropped message may have arrived."""
    return RecordMayHaveGone(**told_by(OURS, minutes), number=number)


def postponed(number: int = 1, minutes: float = 0) -> Postpone:
    """The gateway looked at the clock."""
    return Postpone(**told_by(OURS, minutes), number=number)


def handed_over(number: int = 1, minutes: float = 0, *, in_doubt: bool = False, kind: str = "sms") -> EffectNeedsPerson:
    """The engine can do no more."""
    return EffectNeedsPerson(**told_by(OURS, minutes), kind=kind, effect_revision=number, in_doubt=in_doubt)


def call(outcome: ContactOutcome = "no_answer", minutes: float = 0, contact_id: str = "contact-1") -> RecordContact:
    """A person called."""
    is_reached = outcome != "no_answer"
    return RecordContact(**told_by(CASEY, minutes), contact_id=contact_id, is_reached=is_reached, outcome=outcome)


def tick(minutes: float = 0) -> Tick:
    """The clock."""
    return Tick(at=after(minutes), by=Actor(kind="clock", id="clock"), channel="clock")


def minutes_until(instant: datetime) -> float:
    """An instant as minutes after noon."""
    return (instant - NOON).total_seconds() / 60


def play(history: Iterable[Command], conversation: Conversation = INITIAL) -> Conversation:
    """The conversation after a history."""
    for command in history:
        for fact in decide(command, conversation):
            conversation = evolve(conversation, fact)
    return conversation


def told(command: Command, conversation: Conversation, kind: type[Some]) -> list[Some]:
    """The published facts of one kind that a command leads to."""
    return [fact for fact in decide(command, conversation) if isinstance(fact, kind)]


def statuses(conversation: Conversation) -> list[tuple[str, str, str]]:
    """Kind, medium and status of each message."""
    return [(message.notice.kind, message.medium, message.status) for message in conversation.messages]
