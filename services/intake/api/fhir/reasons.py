"""Why the patient is referred: diagnoses that are theirs and stand, and texts beside them."""

from collections.abc import Iterator
from typing import Any

from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.words import coding_of
from services.intake.domain import identifiers
from shared.contracts.sealed import Coding


def diagnoses_of(reading: Reading, request: Placed, _patient: Placed) -> tuple[Coding, ...]:
    """The diagnoses: written into the order, or of the Conditions that it refers to."""
    return tuple(_diagnoses(reading, request))


def reason_text_of(_reading: Reading, request: Placed) -> str | None:
    """Why, in words."""
    return next((c.text for c in request.resource.reasonCode or () if c.text and not c.coding), None)


def _diagnoses(reading: Reading, request: Placed) -> Iterator[Coding]:
    for n, concept in enumerate(request.resource.reasonCode or ()):
        yield from _diagnosis(reading, concept, f"{request.pointer}/reasonCode/{n}")
    for n, reference in enumerate(request.resource.reasonReference or ()):
        if placed := reading.resolve(reference, request, f"reasonReference/{n}", "Condition"):
            yield from _diagnosis(reading, placed.resource.code, f"{placed.pointer}/code")


def _diagnosis(reading: Reading, concept: Any, at: str) -> Iterator[Coding]:
    coding = coding_of(concept, identifiers.ICD_10_CM)
    if coding is None:
        return
    if coding.system == identifiers.ICD_10_CM and not identifiers.is_icd_10_cm(coding.code):
        reading.warn(f"{at}/coding", "icd_10_cm", "is not of the form of ICD-10-CM")
    yield coding
