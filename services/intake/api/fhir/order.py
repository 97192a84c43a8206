"""A ServiceRequest, with what it refers to, as an order in our own words."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from services.intake.api.fhir import words
from services.intake.api.fhir.bundle import Opened, Placed
from services.intake.domain import identifiers
from services.intake.domain.order import Order, is_of_this_century
from shared.contracts.language import Priority
from shared.contracts.sealed import Coding, Logistics
from shared.web import Flaw, Malformed

TAXONOMY: Final = "http://nucc.org/provider-taxonomy"


def order_of(opened: Opened, home_zone: str) -> Order:
    """The order that a Bundle holds. Raises Malformed with every reason why it cannot be taken."""
    request, at = opened.request.resource, opened.request.pointer
    _require_active(request, at)
    number = words.identifier_of(request.identifier, "PLAC")
    patient = opened.find(request.subject, "Patient")
    authored_at = _instant(request.authoredOn, home_zone) or _instant(opened.bundle.timestamp, home_zone)
    if number is None:
        opened.refuse(f"{at}/identifier", "missing", "needs the order's number, with its system")
    if patient is None:
        opened.refuse(f"{at}/subject", "patient", "must refer to a Patient in the Bundle")
    if authored_at is None:
        opened.refuse(f"{at}/authoredOn", "missing", "needs at least the day on which it was written")
    if (request.priority or "routine") not in get_args(Priority):
        opened.refuse(f"{at}/priority", "priority", "must be routine, urgent, asap or stat")
    mrn = words.identifier_of(patient.resource.identifier, "MR") if patient else None
    if patient and mrn is None:
        opened.refuse(f"{patient.pointer}/identifier", "missing", "needs a medical record number, with its system")
    if opened.flaws or not (number and patient and authored_at and mrn):
        raise Malformed(422, "invalid", "The order cannot be taken in.", opened.flaws)
    return Order(number=number, mrn=mrn, authored_at=authored_at, **_rest(opened, patient, home_zone))


def _require_active(request: Any, at: str) -> None:
    """Only an order that stands is taken in: drafts are not, nor what was withdrawn."""
    if request.status != "active":
        flaw = Flaw(f"{at}/status", "order_not_active", "must be active")
        raise Malformed(422, "order_not_active", "Only an active order can be taken in.", (flaw,))
    if request.doNotPerform:
        flaw = Flaw(f"{at}/doNotPerform", "do_not_perform", "must not be true")
        raise Malformed(422, "do_not_perform", "An order not to do something is not a referral.", (flaw,))


def _rest(opened: Opened, patient: Placed, home_zone: str) -> dict[str, Any]:
    request, zip_code = opened.request.resource, words.zip_code_of(patient.resource)
    coverages = list(_coverages(opened))
    policies = words.policies_of(coverages, opened)
    return {
        "priority": request.priority or "routine",
        "needed_by": _instant(_occurrence(request), home_zone),
        "needed_day_ends": _end_of_day(_occurrence(request), home_zone),
        "service": _service(request),
        "requester": words.requester_of(request.requester, opened),
        "contact": words.contact_of(patient.resource, zip_code, home_zone, opened, patient.pointer),
        "diagnoses": tuple(_diagnoses(opened)),
        "reason_text": next((c.text for c in request.reasonCode or () if c.text and not c.coding), None),
        "notes": tuple(note.text for note in request.note or () if note.text),
        "attachments": tuple(_attachments(opened)),
        "policies": policies,
        "is_self_pay": not policies and any(words.is_self_pay(placed.resource) for placed in coverages),
        "logistics": Logistics(postal_code=zip_code),
    }


def _service(request: Any) -> Coding | None:
    """What is asked for: the specialty where the order names one, since it chooses the pathway, else the service."""
    service = words.coding_of(request.code)
    specialty = words.coding_of(request.performerType, TAXONOMY)
    if specialty is None or specialty.system != TAXONOMY:
        return service
    return specialty.model_copy(update={"text": service.text}) if service and service.text else specialty


def _diagnoses(opened: Opened) -> Iterator[Coding]:
    request = opened.request
    for n, concept in enumerate(request.resource.reasonCode or ()):
        yield from _diagnosis(concept, opened, f"{request.pointer}/reasonCode/{n}")
    for reference in request.resource.reasonReference or ():
        if placed := opened.find(reference, "Condition"):
            yield from _diagnosis(placed.resource.code, opened, f"{placed.pointer}/code")


def _diagnosis(concept: Any, opened: Opened, at: str) -> Iterator[Coding]:
    coding = words.coding_of(concept, identifiers.ICD_10_CM)
    if coding is None:
        return
    if coding.system == identifiers.ICD_10_CM and not identifiers.is_icd_10_cm(coding.code):
        opened.warn(f"{at}/coding", "icd_10_cm", "is not of the form of ICD-10-CM")
    yield coding


def _coverages(opened: Opened) -> Iterator[Placed]:
    """What the order names as its insurance; where it names none, every Coverage that came along."""
    named = opened.request.resource.insurance
    if not named:
        return opened.all_of("Coverage")
    found = (opened.find(reference, "Coverage") for reference in named)
    return (placed for placed in found if placed)


def _attachments(opened: Opened) -> Iterator[str]:
    """Documents by their addresses; what is inside the Bundle stays with the referring side."""
    for reference in opened.request.resource.supportingInfo or ():
        if placed := opened.find(reference, "DocumentReference"):
            attachments = (content.attachment for content in placed.resource.content)
            yield from (attachment.url for attachment in attachments if attachment and attachment.url)


def _occurrence(request: Any) -> Any:
    """When it shall be at the latest."""
    period = request.occurrencePeriod
    return period.end if period else request.occurrenceDateTime


def _instant(when: Any, home_zone: str) -> datetime | None:
    """An instant of FHIR: a day without a time begins where the referring side is; a month or a year is no instant."""
    if not isinstance(when, date):
        return None
    instant = when if isinstance(when, datetime) else datetime.combine(when, time(), ZoneInfo(home_zone))
    # FHIR's parser reads a bare number as seconds since 1970.
    return instant if is_of_this_century(instant) else None


def _end_of_day(when: Any, home_zone: str) -> datetime | None:
    """When a day without a time is over; FHIR counts the last day of a period among its days."""
    if isinstance(when, datetime) or _instant(when, home_zone) is None:
        return None
    return datetime.combine(when + timedelta(days=1), time(), ZoneInfo(home_zone))
