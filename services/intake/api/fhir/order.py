"""A ServiceRequest, with what it refers to, as an order in our own words: every rule of reading in its place."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from services.intake.api.fhir import coverage, identity, lifecycle, patient, reasons, requester, service, timing
from services.intake.api.fhir.address import home_of
from services.intake.api.fhir.beside import flaws_beside
from services.intake.api.fhir.bundle import Parcel
from services.intake.api.fhir.documents import documents_of
from services.intake.api.fhir.mapping import instant_of
from services.intake.api.fhir.nodes import Node
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.unused import warn_of_what_is_not_used, warn_of_who_wrote_notes
from services.intake.api.fhir.wishes import wishes_of
from services.intake.api.weight import flaw_of_weight
from services.intake.domain.instruction import Hold, Instruction, Place, Revoke
from services.intake.domain.order import Identifier, Order
from shared.contracts.language import Priority
from shared.contracts.sealed import Logistics
from shared.web import Flaw

_CLOCKS_DIFFER: Final = timedelta(days=1)
"""How far an EHR's clock may be ahead; its day may have begun where ours has not."""


@dataclass(frozen=True)
class Asked:
    """What one ServiceRequest asks for. `flaws` say why it is no order to be placed.

    An order that is taken back or to rest has flaws, too: they are the answer where no such order is known.
    """

    node: Node
    instruction: Instruction | None
    warnings: tuple[Flaw, ...]
    flaws: tuple[Flaw, ...]


def orders_of(parcel: Parcel, now: datetime, home_zone: str, pathways: Collection[str] = ()) -> tuple[Asked, ...]:
    """Every order that came in. `home_zone` is the referring side's, `pathways` the codes that a pathway names."""
    found = [_asked(Reading(parcel.shelf, now, home_zone), parcel, node, pathways) for node in parcel.requests]
    # A test or an image that was ordered beside a referral is somebody else's to do.
    aside = [asked for asked in found if {flaw.code for flaw in asked.flaws} == {service.NOT_A_REFERRAL}]
    if len(aside) == len(found):
        return tuple(found)
    first, *others = (asked for asked in found if asked not in aside)
    left_out = (*parcel.left_out, *(flaw for asked in aside for flaw in asked.flaws))
    # Of what is refused much stays unread that would have been read.
    beside = flaws_beside(parcel.shelf.unread()) if any(asked.instruction for asked in found) else ()
    return replace(first, warnings=(*first.warnings, *left_out, *beside)), *others


def _asked(reading: Reading, parcel: Parcel, node: Node, pathways: Collection[str]) -> Asked:
    request = reading.read(node)
    instruction = _instruction(reading, parcel, request, pathways) if request else None
    if isinstance(instruction, Place) and (flaw := flaw_of_weight(instruction.order, node.raw, node.pointer)):
        reading.refuse(flaw.pointer, flaw.code, flaw.detail)
        instruction = None
    return Asked(node, instruction, tuple(reading.warnings), tuple(reading.flaws))


def _instruction(reading: Reading, parcel: Parcel, request: Placed, pathways: Collection[str]) -> Instruction | None:
    subject = _subject(reading, request)
    standing = lifecycle.status_of(reading, parcel, request, subject)
    said = len(reading.flaws)
    names = identity.order_number_of(reading, request)
    if standing == "active":
        order = _order(reading, parcel, request, subject, names, pathways)
        return Place(order, identity.replaced_by(reading, request)) if order else None
    # What is not to be carried out needs no more said against it.
    del reading.flaws[said:]
    number, aliases = names
    if number is None or standing == "refused":
        return None
    return Hold((number, *aliases)) if standing == "on-hold" else Revoke((number, *aliases), standing)


def _subject(reading: Reading, request: Placed) -> Placed | None:
    said = len(reading.flaws)
    subject = reading.resolve(request.resource.subject, request, "subject", "Patient")
    if subject is None and len(reading.flaws) == said:
        reading.refuse(f"{request.pointer}/subject", "patient", "must refer to a Patient in the Bundle")
    return subject


def _order(
    reading: Reading,
    parcel: Parcel,
    request: Placed,
    subject: Placed | None,
    names: tuple[Identifier | None, tuple[Identifier, ...]],
    pathways: Collection[str],
) -> Order | None:
    resource, at, (number, aliases) = request.resource, request.pointer, names
    service.refuse_what_is_no_referral(reading, request, pathways)
    authored_at = _authored_at(reading, parcel, request)
    if (resource.priority or "routine") not in get_args(Priority):
        reading.refuse(f"{at}/priority", "priority", "must be routine, urgent, asap or stat")
    mrn = identity.record_number_of(reading, subject) if subject else None
    if reading.flaws or not (number and subject and authored_at and mrn):
        return None
    rest = _rest(reading, request, subject, authored_at)
    order = Order(number=number, aliases=aliases, mrn=mrn, authored_at=authored_at, **rest)
    return None if reading.flaws else order


def _authored_at(reading: Reading, parcel: Parcel, request: Placed) -> datetime | None:
    """The time at which the order was written: the order's, else the Bundle's. Refuses an order without one."""
    said = instant_of(request.resource.authoredOn, reading.home_zone)
    authored_at = said or _timestamp(parcel)
    if authored_at is None:
        reading.refuse(f"{request.pointer}/authoredOn", "missing", "needs at least the day on which it was written")
    elif authored_at > reading.now + _CLOCKS_DIFFER:
        reading.warn(f"{request.pointer}/authoredOn", "authored_ahead", "is dated ahead: it counts from when it came")
    return authored_at


def _timestamp(parcel: Parcel) -> datetime | None:
    try:
        return instant_of(datetime.fromisoformat(parcel.timestamp or ""), "UTC")
    except (ValueError, TypeError):
        return None


def _rest(reading: Reading, request: Placed, subject: Placed, authored_at: datetime) -> dict[str, Any]:
    resource, home = request.resource, home_of(reading, subject)
    policies, is_self_pay = coverage.policies_of(reading, request, subject)
    when = timing.when_of(reading, request, authored_at)
    why = reasons.reasons_of(reading, request, subject)
    wishes = wishes_of(reading, request)
    warn_of_what_is_not_used(reading, request, subject)
    warn_of_who_wrote_notes(reading, request)
    return {
        "requisition": identity.requisition_of(request),
        "priority": resource.priority or "routine",
        "not_before": when.not_before,
        "needed_by": when.needed_by,
        "needed_day_ends": when.needed_day_ends,
        "expires_at": lifecycle.expiry_of(reading, request, authored_at, when),
        "service": service.service_of(reading, request),
        "requester": requester.requester_of(reading, request),
        "contact": patient.contact_of(reading, subject, home),
        "diagnoses": why.diagnoses,
        "reason_text": why.text,
        "notes": tuple(note.text for note in resource.note or () if note.text),
        "attachments": documents_of(reading, request, subject),
        "details": wishes.details,
        "body_sites": wishes.body_sites,
        "instructions": wishes.instructions,
        "policies": policies,
        "is_self_pay": is_self_pay,
        "logistics": Logistics(
            postal_code=home.zip_code, wanted_performers=wishes.performers, wanted_locations=wishes.locations
        ),
    }
