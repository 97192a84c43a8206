"""Reads the payer of a Coverage: an organization, by its name or number, or the patient (R4 coverage.html, payor)."""

from dataclasses import dataclass
from typing import Any, Final

from services.intake.api.fhir.identifier_types import types_of
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.domain.lines import as_one_line

_NUMBER_SYSTEMS: Final = ("naic", "2.16.840.1.113883.6.300")
"""Of the National Association of Insurance Commissioners, as a URL or by HL7's object identifier."""
_NUMBER_TYPES: Final = frozenset({"NIIP", "PAYERID"})


@dataclass(frozen=True, slots=True)
class Payer:
    """A payer: `name` is how it is found, or its number where no name is known."""

    name: str | None = None
    number: str | None = None
    is_patient: bool = False


def payer_of(reading: Reading, placed: Placed, patient: Placed) -> Payer:
    """The first payor that can be read. Further ones are warned of."""
    payors = list(placed.resource.payor or ())
    found = [payer for n, payor in enumerate(payors) if (payer := _payer(reading, placed, n, payor, patient))]
    if len(payors) > 1 and found:
        reading.warn(f"{placed.pointer}/payor", "payor", "names several payors, of which the first is asked")
    return found[0] if found else Payer()


def _payer(reading: Reading, placed: Placed, n: int, payor: Any, patient: Placed) -> Payer | None:
    resolved = reading.resolve(payor, placed, f"payor/{n}", "Organization", "Patient", "RelatedPerson")
    if resolved and resolved.type != "Organization":
        if reading.is_same(resolved, patient):
            return Payer(is_patient=True)
        # A relative who pays is no payer that could be asked, and nobody has said that the patient pays.
        reading.warn(f"{placed.pointer}/payor/{n}", "payor", "is a person other than the patient, whom no payer is")
        return None
    house = resolved.resource if resolved else None
    number = _number(payor, house)
    name = _line(payor.display) or _line(house.name if house else None) or number
    return Payer(name, number) if name else None


def _number(payor: Any, house: Any) -> str | None:
    """The payer's own number, by the reference or by the organization; by the reference any number will do."""
    if payor.identifier and payor.identifier.value:
        return _line(payor.identifier.value)
    for identifier in (house.identifier if house else None) or ():
        system = (identifier.system or "").casefold()
        is_payers = any(part in system for part in _NUMBER_SYSTEMS) or types_of(identifier) & _NUMBER_TYPES
        if identifier.value and is_payers:
            return _line(identifier.value)
    return None


def _line(text: str | None) -> str | None:
    return as_one_line(text or "") or None
