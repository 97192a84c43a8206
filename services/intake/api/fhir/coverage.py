"""How the patient is insured: by Coverages whose beneficiary they are, and nobody else's (R4 coverage.html).

A member number is the identifier of type MB (HL7 table 0203), else the subscriber's; never a group's. Coverage.order
says who pays first: "the order of applicability of this coverage relative to other coverages which are currently in
force". A payor that is the patient, or the code `pay`, says that the patient pays (R4 valueset-coverage-selfpay.html).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from services.intake.api.fhir.identifier_types import rank_of_use, types_of
from services.intake.api.fhir.mapping import codes_of
from services.intake.api.fhir.names import full_name
from services.intake.api.fhir.payers import payer_of
from services.intake.api.fhir.periods import has_begun, has_ended, is_in_force
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.domain.lines import as_one_line
from shared.contracts.sealed import Policy

_SELF_PAY: Final = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"
_SUBSCRIBER_THEMSELVES: Final = frozenset({"self", "18"})
"""Of FHIR's subscriber-relationship, and of X12's data element 1069."""


def policies_of(reading: Reading, request: Placed, patient: Placed) -> tuple[tuple[Policy, ...], bool]:
    """The policies in the order in which they pay, and whether the patient pays instead."""
    coverages = [placed for placed in _coverages(reading, request, patient) if _counts(reading, placed, patient)]
    insured: list[tuple[Placed, Policy]] = []
    pays: list[Placed] = []
    for placed in coverages:
        payer = payer_of(reading, placed, patient)
        if codes_of(placed.resource.type, _SELF_PAY) or payer.is_patient:
            pays.append(placed)
        elif payer.name:
            insured.append((placed, _policy(reading, placed, payer.name, payer.number)))
        else:
            reading.warn(f"{placed.pointer}/payor", "payer", "names no payer")
    for placed in pays if insured else ():
        reading.warn(placed.pointer, "self_pay", "says that the patient pays, while another coverage names a payer")
    return _ranked(reading, request, insured), bool(pays) and not insured


def _coverages(reading: Reading, request: Placed, patient: Placed) -> Iterator[Placed]:
    """The coverages that the order names; if it names none, those in the Bundle. Omitted ones are warned of."""
    named = request.resource.insurance
    if not named:
        yield from (*reading.all_of("Coverage"), *reading.all_inside(request, "Coverage"))
        return
    found: list[Placed] = []
    for n, reference in enumerate(named):
        placed = reading.resolve(reference, request, f"insurance/{n}", "Coverage")
        if placed is None:
            detail = "names a coverage that did not come along"
            reading.warn(f"{request.pointer}/insurance/{n}", "coverage_missing", detail)
        elif not any(reading.is_same(placed, other) for other in found):
            found.append(placed)
    yield from found
    for node in reading.shelf.nodes:
        if node.type == "Coverage" and all(node is not placed.node for placed in found):
            other, _ = reading.shelf.read(node)
            if other and _is_of(reading, other, patient):
                detail = "is not among the coverages that the order names, and is not used"
                reading.warn(node.pointer, "coverage_not_named", detail)


def _counts(reading: Reading, placed: Placed, patient: Placed) -> bool:
    """Whether a coverage is this patient's and in force. Others are warned of."""
    coverage, at = placed.resource, placed.pointer
    if not _is_of(reading, placed, patient):
        reading.warn(f"{at}/beneficiary", "not_of_the_patient", "is not the patient: this coverage is not used")
        return False
    if coverage.status != "active":
        reading.warn(f"{at}/status", "coverage_not_active", "is not active: this coverage is not used")
        return False
    if has_ended(coverage.period, reading.now, reading.home_zone):
        reading.warn(f"{at}/period/end", "coverage_ended", "is over: this coverage is not used")
        return False
    if not has_begun(coverage.period, reading.now, reading.home_zone):
        reading.warn(f"{at}/period/start", "coverage_not_begun", "is still to come; the coverage is used all the same")
    return True


def _is_of(reading: Reading, placed: Placed, patient: Placed) -> bool:
    beneficiary = reading.resolve(placed.resource.beneficiary, placed, "beneficiary", "Patient")
    return reading.is_same(beneficiary, patient)


def _ranked(reading: Reading, request: Placed, found: Sequence[tuple[Placed, Policy]]) -> tuple[Policy, ...]:
    """Those that say their order before those that do not; a tie is warned of, and falls to who is named first."""
    orders = [placed.resource.order for placed, _ in found]
    if len(set(orders)) != len(orders):
        at = f"{request.pointer}/insurance" if request.resource.insurance else f"{found[-1][0].pointer}/order"
        reading.warn(at, "coverage_order", "does not say which of several coverages pays first")
    last = 1 + max((order for order in orders if order), default=0)
    by_order = sorted(found, key=lambda each: each[0].resource.order or last)
    return tuple(policy.model_copy(update={"rank": rank}) for rank, (_, policy) in enumerate(by_order, 1))


def _policy(reading: Reading, placed: Placed, payer_name: str, payer_id: str | None) -> Policy:
    coverage = placed.resource
    subscriber_id = _text(coverage.subscriberId)
    member_id = _member_number(reading, placed) or subscriber_id or _untyped_number(coverage)
    classes = list(_classes(coverage))
    is_dependent = codes_of(coverage.relationship) - _SUBSCRIBER_THEMSELVES
    return Policy(
        payer_name=payer_name,
        payer_id=payer_id,
        member_id=member_id,
        plan=next((name or value for kind, name, value in classes if kind == "plan"), None),
        group=next((value or name for kind, name, value in classes if kind == "group"), None),
        subscriber_id=subscriber_id if subscriber_id != member_id else None,
        subscriber=_subscriber(reading, placed) if is_dependent or coverage.dependent else None,
        relationship=min(is_dependent, default=None) or _relationship_text(coverage),
        dependent=_text(coverage.dependent),
    )


def _member_number(reading: Reading, placed: Placed) -> str | None:
    """The identifier of type MB that is in use; several are warned of."""
    typed = [
        each
        for each in placed.resource.identifier or ()
        if "MB" in types_of(each) and _text(each.value) and each.use != "old"
        if is_in_force(each.period, reading.now, reading.home_zone)
    ]
    ranked = sorted(typed, key=lambda each: (rank_of_use(each.use), each.value))
    if len({each.value for each in ranked}) > 1:
        reading.warn(f"{placed.pointer}/identifier", "member_number", "holds several member numbers")
    return _text(ranked[0].value) if ranked else None


def _untyped_number(coverage: Any) -> str | None:
    """One number that does not say what it is: a card has one. One that says it is something else is none."""
    untyped = {text for each in coverage.identifier or () if each.type is None and (text := _text(each.value))}
    return untyped.pop() if len(untyped) == 1 else None


def _classes(coverage: Any) -> Iterator[tuple[str, str | None, str | None]]:
    for each in coverage.class_fhir or ():
        for code in codes_of(each.type):
            yield code, _text(each.name), _text(each.value)


def _subscriber(reading: Reading, placed: Placed) -> str | None:
    """The subscriber's name: the payer must know it if the subscriber is not the patient."""
    reference = placed.resource.subscriber
    person = reading.resolve(reference, placed, "subscriber", "Patient", "RelatedPerson")
    return (full_name(reading, person.resource) if person else None) or _text(reference.display if reference else None)


def _relationship_text(coverage: Any) -> str | None:
    """The text of a relationship that has no code."""
    concept = coverage.relationship
    return _text(concept.text) if concept and not _has_codes(concept.coding or ()) else None


def _has_codes(codings: Iterable[Any]) -> bool:
    return any(coding.code for coding in codings)


def _text(value: str | None) -> str | None:
    """The text on one line; None where it is empty."""
    return as_one_line(value or "") or None
