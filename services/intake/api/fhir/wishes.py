"""Reads the wishes of an order: performer, place, details, and instructions for the patient.

Nothing of it is booked automatically. It is kept for people who choose a provider or read the order, with a warning
that says so (R4 servicerequest.html: performer, locationCode, locationReference, orderDetail, bodySite,
patientInstruction).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from services.intake.api.fhir.mapping import codings_of
from services.intake.api.fhir.names import full_name
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.service import TAXONOMY
from services.intake.domain.lines import as_one_line

_KEPT: Final = "is kept for whoever reads the order; nothing is booked by it"
_PEOPLE: Final = frozenset({"Patient", "RelatedPerson"})
"""Of the types that a performer may be, those whose names are none of whoever chooses a provider."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """In words, for readers."""

    performers: tuple[str, ...]
    locations: tuple[str, ...]
    details: tuple[str, ...]
    body_sites: tuple[str, ...]
    instructions: str | None


def wishes_of(reading: Reading, request: Placed) -> Wishes:
    """The wishes of the order. Each gets a warning at its place."""
    resource = request.resource
    body_sites = tuple(_concepts(reading, request, "bodySite"))
    details = (*_concepts(reading, request, "orderDetail"), *_measures(reading, request), *_type(reading, request))
    if resource.patientInstruction:
        reading.warn(f"{request.pointer}/patientInstruction", "kept_for_readers", _KEPT)
    return Wishes(
        performers=tuple(_performers(reading, request)),
        locations=(*_locations(reading, request), *_concepts(reading, request, "locationCode")),
        details=details,
        body_sites=body_sites,
        instructions=resource.patientInstruction,
    )


def words_of(concept: Any) -> str | None:
    """The text of a CodeableConcept for readers."""
    shown = [text for c in codings_of(concept) for text in (c.display, c.code) if text]
    return as_one_line((concept.text if concept else None) or next(iter(shown), "")) or None


def _performers(reading: Reading, request: Placed) -> Iterator[str]:
    for n, reference in enumerate(request.resource.performer or ()):
        named = _named(reading, request, reference, f"performer/{n}")
        detail = _KEPT if named else "names nobody whose name came along"
        reading.warn(f"{request.pointer}/performer/{n}", "wanted_performer", detail)
        if named:
            yield named


def _locations(reading: Reading, request: Placed) -> Iterator[str]:
    for n, reference in enumerate(request.resource.locationReference or ()):
        named = _named(reading, request, reference, f"locationReference/{n}")
        detail = _KEPT if named else "names no place whose name came along"
        reading.warn(f"{request.pointer}/locationReference/{n}", "wanted_location", detail)
        if named:
            yield named


def _named(reading: Reading, referrer: Placed, reference: Any, element: str) -> str | None:
    """By the resource that came along, else by what the reference shows, else by the number that it names."""
    if reference is None:
        return None
    placed = reading.resolve(reference, referrer, element)
    if placed and placed.type in _PEOPLE:
        return None
    number = reference.identifier.value if reference.identifier else None
    found = (_name_of(reading, placed) if placed else None) or reference.display or number
    return as_one_line(found) if found else None


def _name_of(reading: Reading, placed: Placed) -> str | None:
    resource = placed.resource
    if placed.type == "PractitionerRole":
        person = _named(reading, placed, resource.practitioner, "practitioner")
        house = _named(reading, placed, resource.organization, "organization")
        return ", ".join(part for part in (person, house) if part) or None
    if placed.type == "Practitioner":
        return full_name(reading, resource)
    name = getattr(resource, "name", None)
    return name if isinstance(name, str) else None


def _concepts(reading: Reading, request: Placed, element: str) -> Iterator[str]:
    for n, concept in enumerate(getattr(request.resource, element) or ()):
        if words := words_of(concept):
            reading.warn(f"{request.pointer}/{element}/{n}", "kept_for_readers", _KEPT)
            yield words


def _type(reading: Reading, request: Placed) -> Iterator[str]:
    """A kind of performer that is none of the taxonomy by which a provider is found."""
    concept = request.resource.performerType
    if concept and all(coding.system != TAXONOMY for coding in codings_of(concept)) and (words := words_of(concept)):
        reading.warn(f"{request.pointer}/performerType", "kept_for_readers", _KEPT)
        yield words


def _measures(reading: Reading, request: Placed) -> Iterator[str]:
    """How much, and whether only as needed."""
    resource, at = request.resource, request.pointer
    quantity = resource.quantityQuantity
    if quantity and quantity.value is not None:
        reading.warn(f"{at}/quantityQuantity", "kept_for_readers", _KEPT)
        yield as_one_line(
            f"quantity {quantity.comparator or ''}{_plain(quantity.value)} {quantity.unit or quantity.code or ''}"
        )
    for element in ("quantityRatio", "quantityRange"):
        if getattr(resource, element):
            reading.warn(f"{at}/{element}", "not_used", "is not read; say how much as a note")
    if resource.asNeededBoolean or resource.asNeededCodeableConcept:
        element = "asNeededBoolean" if resource.asNeededBoolean else "asNeededCodeableConcept"
        reading.warn(f"{at}/{element}", "kept_for_readers", _KEPT)
        yield " ".join(part for part in ("as needed", words_of(resource.asNeededCodeableConcept)) if part)


def _plain(value: Decimal) -> str:
    return f"{value:f}"
