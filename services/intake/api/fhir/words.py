"""FHIR's resources in our words, part by part. Tolerant: what is missing or odd is left out, and warned of."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final

from services.intake.api.fhir.bundle import Opened, Placed
from services.intake.api.places import timezone_of
from services.intake.domain import identifiers
from services.intake.domain.order import Identifier, Requester
from shared.contracts.sealed import Coding, Contact, Policy

IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_SELF_PAY: Final = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"
_NOT_IN_FORCE: Final = frozenset({"cancelled", "draft", "entered-in-error"})
_PHONES: Final = frozenset({"phone", "sms"})


def identifier_of(identifiers_: Iterable[Any] | None, type_: str) -> Identifier | None:
    """The identifier of this type (HL7 table 0203), else the first that names its system."""
    named = [i for i in identifiers_ or () if i.system and i.value]
    found = next((i for i in named if type_ in _codes(i.type, IDENTIFIER_TYPES)), named[0] if named else None)
    return Identifier(system=found.system, value=found.value.strip()) if found else None


def coding_of(concept: Any, *preferred: str) -> Coding | None:
    """One coding of a CodeableConcept: of the preferred systems in their order, else the first; with its text."""
    codings = [c for c in _codings(concept) if c.system and c.code]
    ranked = sorted(codings, key=lambda c: preferred.index(c.system) if c.system in preferred else len(preferred))
    if not ranked:
        return None
    return Coding(system=ranked[0].system, code=ranked[0].code, text=concept.text or ranked[0].display)


def contact_of(patient: Any, zip_code: str | None, home_zone: str, opened: Opened, at: str) -> Contact:
    """How to reach the patient."""
    name = next(iter(_names(patient)), None)
    return Contact(
        given=" ".join(_given(name) if name else ()),
        family=((name.family or name.text) if name else None) or "",
        birth_date=_day(patient.birthDate),
        phone=_phone(patient, opened, at),
        email=next((t.value.strip() for t in _telecoms(patient) if t.system == "email"), None),
        language=_language(patient) or "en-US",
        timezone=timezone_of(zip_code, home_zone),
    )


def zip_code_of(patient: Any) -> str | None:
    """The ZIP code of the patient's home, if it is one."""
    found = (identifiers.zip_code(address.postalCode) for address in patient.address or () if address.use != "old")
    return next((zip_code for zip_code in found if zip_code), None)


def requester_of(reference: Any, opened: Opened) -> Requester | None:
    """Who ordered it: a Practitioner, in a role or not, or an Organization; or no more than a name."""
    if reference is None:
        return None
    role = opened.find(reference, "PractitionerRole")
    placed = opened.find(role.resource.practitioner if role else reference, "Practitioner")
    house = opened.find(role.resource.organization if role else reference, "Organization")
    npi = _npi(placed, opened) or _npi(house, opened)
    name = next((_full_name(n) for n in _names(placed.resource)), None) if placed else reference.display
    organization = house.resource.name if house else None
    return Requester(npi=npi, name=name, organization=organization) if npi or name or organization else None


def policies_of(coverages: Iterable[Placed], opened: Opened) -> tuple[Policy, ...]:
    """The policies in force, in the order in which they pay: as they say, else as they are listed."""
    found = []
    for n, placed in enumerate(coverages, 1):
        coverage, payer = placed.resource, _payer_name(placed.resource, opened)
        if coverage.status in _NOT_IN_FORCE or is_self_pay(coverage):
            continue
        if payer is None:
            opened.warn(f"{placed.pointer}/payor", "payer", "names no payer")
            continue
        member_id = coverage.subscriberId or next((i.value for i in coverage.identifier or () if i.value), None)
        plan = next((c.name or c.value for c in coverage.class_fhir or () if "plan" in _codes(c.type)), None)
        found.append(Policy(rank=coverage.order or n, payer_name=payer, member_id=member_id, plan=plan))
    return tuple(sorted(found, key=lambda policy: policy.rank))


def is_self_pay(coverage: Any) -> bool:
    """Whether a Coverage says that the patient pays."""
    return bool(_codes(coverage.type, _SELF_PAY))


def _payer_name(coverage: Any, opened: Opened) -> str | None:
    for payor in coverage.payor:
        house = opened.find(payor, "Organization")
        if name := payor.display or (house.resource.name if house else None):
            return str(name).strip()
    return None


def _npi(placed: Placed | None, opened: Opened) -> str | None:
    if placed is None:
        return None
    for n, identifier in enumerate(placed.resource.identifier or ()):
        if identifier.system == identifiers.NPI_SYSTEM and identifier.value:
            if not identifiers.is_npi(identifier.value):
                pointer = f"{placed.pointer}/identifier/{n}/value"
                opened.warn(pointer, "npi", "is not a National Provider Identifier that could be assigned")
            return str(identifier.value)
    return None


def _day(when: Any) -> date | None:
    """A whole date; FHIR also has years and months alone."""
    return when if isinstance(when, date) and not isinstance(when, datetime) else None


def _phone(patient: Any, opened: Opened, at: str) -> str | None:
    phones = sorted((t for t in _telecoms(patient) if t.system in _PHONES), key=lambda t: t.use != "mobile")
    numbers = [identifiers.phone_number(phone.value) for phone in phones]
    if numbers and not any(numbers):
        opened.warn(f"{at}/telecom", "phone", "holds no telephone number that could be called")
    return next((number for number in numbers if number), None)


def _telecoms(patient: Any) -> Iterator[Any]:
    return (t for t in patient.telecom or () if t.value and t.use != "old")


def _names(person: Any) -> list[Any]:
    """The names that are in use, the official one first."""
    return sorted((n for n in person.name or () if n.use not in {"old", "maiden"}), key=lambda n: n.use != "official")


def _full_name(name: Any) -> str | None:
    return " ".join((*_given(name), name.family or "")).strip() or name.text


def _given(name: Any) -> list[str]:
    """FHIR's JSON has null in a list where an element has nothing but extensions."""
    return [given for given in name.given or () if given]


def _language(patient: Any) -> str | None:
    spoken = sorted(patient.communication or (), key=lambda c: not c.preferred)
    return next((coding.code for c in spoken for coding in _codings(c.language) if coding.code), None)


def _codes(concept: Any, system: str | None = None) -> set[str]:
    return {c.code for c in _codings(concept) if c.code and system in {None, c.system}}


def _codings(concept: Any) -> Iterable[Any]:
    return (concept.coding if concept else None) or ()
