"""Who pays: the policies in force that are this patient's, in the order in which they pay."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.words import codes_of
from shared.contracts.sealed import Policy

_SELF_PAY: Final = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"
_NOT_IN_FORCE: Final = frozenset({"cancelled", "draft", "entered-in-error"})


def policies_of(reading: Reading, request: Placed, _patient: Placed) -> tuple[tuple[Policy, ...], bool]:
    """The policies, and whether the patient pays: as the order names its insurance, else every Coverage here."""
    coverages = list(_coverages(reading, request))
    policies = tuple(sorted(_policies(reading, coverages), key=lambda policy: policy.rank))
    return policies, not policies and any(_is_self_pay(placed.resource) for placed in coverages)


def _coverages(reading: Reading, request: Placed) -> Iterator[Placed]:
    named = request.resource.insurance
    if not named:
        yield from reading.all_of("Coverage")
    for n, reference in enumerate(named or ()):
        if placed := reading.resolve(reference, request, f"insurance/{n}", "Coverage"):
            yield placed


def _policies(reading: Reading, coverages: Iterable[Placed]) -> Iterator[Policy]:
    for n, placed in enumerate(coverages, 1):
        coverage, payer = placed.resource, _payer_name(reading, placed)
        if coverage.status in _NOT_IN_FORCE or _is_self_pay(coverage):
            continue
        if payer is None:
            reading.warn(f"{placed.pointer}/payor", "payer", "names no payer")
            continue
        member_id = coverage.subscriberId or next((i.value for i in coverage.identifier or () if i.value), None)
        plan = next((c.name or c.value for c in coverage.class_fhir or () if "plan" in codes_of(c.type)), None)
        yield Policy(rank=coverage.order or n, payer_name=payer, member_id=member_id, plan=plan)


def _is_self_pay(coverage: Any) -> bool:
    return bool(codes_of(coverage.type, _SELF_PAY))


def _payer_name(reading: Reading, placed: Placed) -> str | None:
    for n, payor in enumerate(placed.resource.payor):
        house = reading.resolve(payor, placed, f"payor/{n}", "Organization")
        if name := payor.display or (house.resource.name if house else None):
            return str(name).strip()
    return None
