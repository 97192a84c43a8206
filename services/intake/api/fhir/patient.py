"""Who the patient is, how they are reached, and where they live."""

from collections.abc import Iterator
from typing import Any, Final

from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.words import codings_of, day_of, given_of
from services.intake.api.places import timezone_of
from services.intake.domain import identifiers
from shared.contracts.sealed import Contact

_PHONES: Final = frozenset({"phone", "sms"})


def contact_of(reading: Reading, patient: Placed) -> Contact:
    """How to reach the patient."""
    resource = patient.resource
    name = next(iter(names_of(resource)), None)
    return Contact(
        given=" ".join(given_of(name) if name else ()),
        family=((name.family or name.text) if name else None) or "",
        birth_date=day_of(resource.birthDate),
        phone=_phone(reading, patient),
        email=next((t.value.strip() for t in _telecoms(resource) if t.system == "email"), None),
        language=_language(resource) or "en-US",
        timezone=timezone_of(zip_code_of(reading, patient), reading.home_zone),
    )


def zip_code_of(_reading: Reading, patient: Placed) -> str | None:
    """The ZIP code of the patient's home, if it is one."""
    addresses = patient.resource.address or ()
    found = (identifiers.zip_code(address.postalCode) for address in addresses if address.use != "old")
    return next((zip_code for zip_code in found if zip_code), None)


def names_of(person: Any) -> list[Any]:
    """The names that are in use, the official one first."""
    return sorted((n for n in person.name or () if n.use not in {"old", "maiden"}), key=lambda n: n.use != "official")


def _phone(reading: Reading, patient: Placed) -> str | None:
    telecoms = _telecoms(patient.resource)
    phones = sorted((t for t in telecoms if t.system in _PHONES), key=lambda t: t.use != "mobile")
    numbers = [identifiers.phone_number(phone.value) for phone in phones]
    if numbers and not any(numbers):
        reading.warn(f"{patient.pointer}/telecom", "phone", "holds no telephone number that could be called")
    return next((number for number in numbers if number), None)


def _telecoms(patient: Any) -> Iterator[Any]:
    return (t for t in patient.telecom or () if t.value and t.use != "old")


def _language(patient: Any) -> str | None:
    spoken = sorted(patient.communication or (), key=lambda c: not c.preferred)
    return next((coding.code for c in spoken for coding in codings_of(c.language) if coding.code), None)
