"""Decides whether an order may be acted on: it is active, its patient lives, its author may order, it is a referral.

Sources: R4 request.html (status and intent), patient.html (deceased, active, link), task.html, messageheader.html;
categories are of SNOMED CT, as US Core's ServiceRequest has them. Each refusal has its own code, and says what a
sender can do about it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from services.intake.api.fhir.bundle import Parcel
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.references import pointing_of
from services.intake.api.fhir.timing import When
from services.intake.domain.deadlines import ORDER_VALID_FOR
from services.intake.domain.instruction import Withdrawal

OrderStatus = Literal["active", "on-hold", "refused"] | Withdrawal
"""The status of an order. Only `active` lets work begin; most others end work that has begun."""

AUTHORITY: Final = frozenset({"order", "plan", "directive", "original-order", "reflex-order", "filler-order"}) | {
    "instance-order"
}
"""Intents that ask for action; a proposal or an option only thinks about it (R4 request.html#intent)."""
_STATUSES: Final[Mapping[str, OrderStatus]] = {
    "active": "active",
    "on-hold": "on-hold",
    "revoked": "revoked",
    "entered-in-error": "entered-in-error",
}
_TASKS: Final[Mapping[str, OrderStatus]] = {
    "rejected": "revoked",
    "cancelled": "revoked",
    "failed": "revoked",
    "entered-in-error": "entered-in-error",
    "on-hold": "on-hold",
    "completed": "refused",
}
"""What a Task about the order says of it. Its other states are steps on the way (R4 task.html#statemachine)."""
_EVENTS: Final[Mapping[tuple[str, str], OrderStatus]] = {
    ("https://fhir.nhs.uk/CodeSystem/message-events-bars", "servicerequest-request"): "active",
    **{("http://terminology.hl7.org/CodeSystem/v2-0003", code): "active" for code in ("I12", "I13", "O19", "O21")},
    ("http://terminology.hl7.org/CodeSystem/v2-0003", "I14"): "revoked",
}
"""The messages that are known: BaRS's request; of HL7 v2 the referral, its change, orders, and the cancellation."""


@dataclass(frozen=True)
class _Found:
    standing: OrderStatus
    pointer: str
    code: str
    detail: str


def status_of(reading: Reading, parcel: Parcel, request: Placed, patient: Placed | None) -> OrderStatus:
    """Whether it may be acted on. Whatever speaks against it is refused at its place; the gravest word counts.

    A message that this door does not know ends nothing, either: what it asks for is not known (R4 messaging.html).
    """
    by_message = list(_by_message(parcel))
    found = [
        *by_message,
        *_by_itself(request),
        *_by_tasks(reading, parcel, request),
        *(_by_patient(patient) if patient else ()),
    ]
    for each in found:
        reading.refuse(each.pointer, each.code, each.detail)
    if any(each.standing == "refused" for each in by_message):
        return "refused"
    return max((each.standing for each in found), key=_GRAVITY.index, default="active")


_GRAVITY: Final[tuple[OrderStatus, ...]] = (
    *("active", "refused", "on-hold", "superseded", "revoked", "entered-in-error", "deceased"),
)


def _by_itself(request: Placed) -> Iterator[_Found]:
    resource, at = request.resource, request.pointer
    if resource.status != "active":
        detail = "must be active: only an order that stands can be taken in"
        yield _Found(_STATUSES.get(resource.status, "refused"), f"{at}/status", "order_not_active", detail)
    if resource.doNotPerform:
        detail = "must not be true: an order not to do something is no referral"
        yield _Found("refused", f"{at}/doNotPerform", "do_not_perform", detail)
    if resource.intent not in AUTHORITY:
        detail = "must be an order or a plan: a proposal or an option gives nobody authority to act"
        yield _Found("refused", f"{at}/intent", "intent", detail)


def _by_patient(patient: Placed) -> Iterator[_Found]:
    resource, at = patient.resource, patient.pointer
    for element in ("deceasedDateTime", "deceasedBoolean"):
        if getattr(resource, element):
            yield _Found("deceased", f"{at}/{element}", "patient-deceased", "says that the patient has died")
    # A date that is known by no more than an extension, such as one that says why it is absent, is one of death too.
    if resource.deceasedDateTime is None and getattr(resource, "deceasedDateTime__ext", None):
        yield _Found("deceased", f"{at}/deceasedDateTime", "patient-deceased", "says that the patient has died")
    if resource.active is False:
        detail = "says that this record is not in use; send the order with the record that is"
        yield _Found("refused", f"{at}/active", "patient-inactive", detail)
    for n, link in enumerate(resource.link or ()):
        if link.type == "replaced-by":
            detail = "says that another record has replaced this one; send the order with that"
            yield _Found("refused", f"{at}/link/{n}", "patient-replaced", detail)


def _by_message(parcel: Parcel) -> Iterator[_Found]:
    """Read the header, with which a message begins (R4 messaging.html): its event says what to do."""
    if parcel.kind != "message":
        return
    header = next(iter(parcel.shelf.nodes), None)
    if header is None or header.type != "MessageHeader":
        yield _Found("refused", "/Bundle/entry", "message_header", "must begin with a MessageHeader")
        return
    placed, flaws = parcel.shelf.read(header)
    for flaw in flaws:
        yield _Found("refused", flaw.pointer, flaw.code, flaw.detail)
    if placed is None:
        return
    if placed.resource.response:
        detail = "answers another message, and asks for nothing"
        yield _Found("refused", f"{header.pointer}/response", "message_event", detail)
    event = placed.resource.eventCoding
    standing = _EVENTS.get((event.system, event.code), "refused") if event else "refused"
    if standing == "revoked":
        detail = "cancels the order, and does not ask for one"
        yield _Found("revoked", f"{header.pointer}/eventCoding", "order_not_active", detail)
    if standing == "refused":
        detail = "is no event of a message that this door knows"
        yield _Found("refused", f"{header.pointer}/{'eventCoding' if event else 'event'}", "message_event", detail)


def _by_tasks(reading: Reading, parcel: Parcel, request: Placed) -> Iterator[_Found]:
    for node in parcel.of_type("Task"):
        # Tasks about other things stay unread.
        standing = _TASKS.get(str(node.raw.get("status")))
        if standing and (task := reading.read(node)) and _is_about(reading, task, request):
            detail = "says that the order is not to be carried out any more, or was already"
            yield _Found(standing, f"{node.pointer}/status", "task_ended", detail)


def _is_about(reading: Reading, task: Placed, request: Placed) -> bool:
    resource = task.resource
    named: list[Any] = [resource.focus, *(resource.basedOn or ())]
    index = reading.shelf.index
    meant = [node for each in named if each for node in index.find(pointing_of(each), task.node)]
    return request.node in meant


def expiry_of(reading: Reading, request: Placed, authored_at: datetime, when: When) -> datetime | None:
    """Until when the order may be used, where that is later than usual: one that is for later lasts from then on.

    Refuses an order that has run out: nobody is to be asked about it. Warns of one that comes when it was needed.
    """
    usual, needed_until = authored_at + ORDER_VALID_FOR, when.needed_day_ends or when.needed_by
    said = (needed_until, when.not_before + ORDER_VALID_FOR if when.not_before else None)
    expires_at = max((usual, *(instant for instant in said if instant)))
    if expires_at <= reading.now:
        detail = "was written too long ago: the order has run out, and a new one is needed"
        reading.refuse(f"{request.pointer}/authoredOn", "order_expired", detail)
    elif needed_until and needed_until <= reading.now:
        reading.warn(f"{request.pointer}", "overdue", "is needed by a time that is over: it is overdue from the start")
    return expires_at if expires_at > usual else None
