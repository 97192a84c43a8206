"""Which order this is, and whose record: the numbers by which the referring side knows them."""

from collections.abc import Iterable
from typing import Any

from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.words import IDENTIFIER_TYPES, codes_of
from services.intake.domain.order import Identifier


def order_number_of(reading: Reading, request: Placed) -> tuple[Identifier | None, tuple[Identifier, ...]]:
    """The number of an order, and others by which it is known as well. Refuses an order without any."""
    number = _identifier_of(request.resource.identifier, "PLAC")
    if number is None:
        reading.refuse(f"{request.pointer}/identifier", "missing", "needs the order's number, with its system")
    return number, ()


def replaced_by(_reading: Reading, request: Placed) -> tuple[Identifier, ...]:
    """The orders that this one takes the place of, as far as a reference names their number."""
    named = (reference.identifier for reference in request.resource.replaces or ())
    return tuple(Identifier(system=i.system, value=i.value.strip()) for i in named if i and i.system and i.value)


def record_number_of(reading: Reading, patient: Placed) -> Identifier | None:
    """The patient's medical record number. Refuses a patient without any."""
    number = _identifier_of(patient.resource.identifier, "MR")
    if number is None:
        reading.refuse(f"{patient.pointer}/identifier", "missing", "needs a medical record number, with its system")
    return number


def _identifier_of(identifiers: Iterable[Any] | None, type_: str) -> Identifier | None:
    """The identifier of this type (HL7 table 0203), else the first that names its system."""
    named = [i for i in identifiers or () if i.system and i.value]
    found = next((i for i in named if type_ in codes_of(i.type, IDENTIFIER_TYPES)), named[0] if named else None)
    return Identifier(system=found.system, value=found.value.strip()) if found else None
