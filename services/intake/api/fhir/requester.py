"""Reads the requester: a Practitioner, with a role or not, an Organization, or only a name or number."""

from typing import Any

from services.intake.api.fhir.names import full_name
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.references import pointing_of
from services.intake.domain import identifiers
from services.intake.domain.order import Requester


def requester_of(reading: Reading, request: Placed) -> Requester | None:
    """The requester. A National Provider Identifier that the reference itself names counts in any case."""
    reference = request.resource.requester
    if reference is None:
        return None
    role = reading.resolve(reference, request, "requester", "PractitionerRole")
    person, house = _behind(reading, request, role)
    # Of a role, its own number is of the practitioner who has it.
    named = _named_npi(reading, reference, f"{request.pointer}/requester")
    if role and not named:
        named = _named_npi(reading, role.resource.practitioner, f"{role.pointer}/practitioner")
    if not (person or house or role or named):
        detail = "refers to nobody who came along: no more is known of them than the name that it says, if any"
        reading.warn(f"{request.pointer}/requester", "requester", detail)
    npi = _npi(reading, person) or _npi(reading, role) or named or _npi(reading, house)
    name = (full_name(reading, person.resource) if person else None) or _display(reference, role, house)
    organization = house.resource.name if house else None
    if organization is None and role and role.resource.organization:
        organization = role.resource.organization.display
    return Requester(npi=npi, name=name, organization=organization) if npi or name or organization else None


def _behind(reading: Reading, request: Placed, role: Placed | None) -> tuple[Placed | None, Placed | None]:
    """The Practitioner and the Organization."""
    if role is None:
        reference = request.resource.requester
        person = reading.resolve(reference, request, "requester", "Practitioner")
        return person, reading.resolve(reference, request, "requester", "Organization")
    person = reading.resolve(role.resource.practitioner, role, "practitioner", "Practitioner")
    return person, reading.resolve(role.resource.organization, role, "organization", "Organization")


def _display(reference: Any, role: Placed | None, house: Placed | None) -> str | None:
    """The name that a reference says. Beside an Organization that was found it would only repeat it."""
    inner = role.resource.practitioner.display if role and role.resource.practitioner else None
    return inner or (None if house and not role else reference.display)


def _npi(reading: Reading, placed: Placed | None) -> str | None:
    for n, identifier in enumerate((placed.resource.identifier if placed else None) or ()):
        if placed and identifier.system == identifiers.NPI_SYSTEM and identifier.value:
            return _checked(reading, str(identifier.value), f"{placed.pointer}/identifier/{n}/value")
    return None


def _named_npi(reading: Reading, reference: Any, at: str) -> str | None:
    """A logical reference names it as an identifier, a conditional one in its condition."""
    named = pointing_of(reference).named if reference else None
    if named is None or named[0] != identifiers.NPI_SYSTEM:
        return None
    return _checked(reading, named[1], at)


def _checked(reading: Reading, npi: str, at: str) -> str:
    number = npi.strip()
    if not identifiers.is_npi(number):
        reading.warn(at, "npi", "is not a National Provider Identifier that could be assigned")
    return number
