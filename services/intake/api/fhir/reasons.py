"""Why the patient is referred: codes and words of the order, and Conditions of this patient that still hold.

A Condition that is refuted or was entered in error is none (R4 valueset-condition-ver-status.html). One that is over
(inactive, resolved, in remission, or with an abatement) is kept, since the order names it as its reason, and warned of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.intake.api.fhir.mapping import codes_of, codings_of
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.domain import identifiers
from shared.contracts.sealed import Coding

_ICD_10_CM_ALIASES: Final = frozenset(
    (identifiers.ICD_10_CM, "urn:oid:2.16.840.1.113883.6.90", "http://hl7.org/fhir/sid/icd-10-cm/")
)
_NEVER: Final = frozenset({"refuted", "entered-in-error"})
_NOT_SURE: Final = frozenset({"unconfirmed", "provisional", "differential"})
_OVER: Final = frozenset({"inactive", "remission", "resolved"})
_ABATEMENTS: Final = ("abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange", "abatementString")


@dataclass(frozen=True, slots=True)
class Reasons:
    """Diagnoses by their codes, each once, and what was said in words alone."""

    diagnoses: tuple[Coding, ...]
    text: str | None


def reasons_of(reading: Reading, request: Placed, patient: Placed) -> Reasons:
    """Why the patient is referred. What is left out is warned of at its place."""
    concepts = [*_written(request), *_referred(reading, request, patient)]
    diagnoses: dict[tuple[str, str], Coding] = {}
    texts: dict[str, None] = {}
    for concept, at in concepts:
        coding = _diagnosis(reading, concept, at)
        if coding:
            diagnoses.setdefault((coding.system, coding.code), coding)
        elif concept.text and concept.text.strip():
            texts[concept.text.strip()] = None
    return Reasons(tuple(diagnoses.values()), "\n".join(texts) or None)


def _written(request: Placed) -> Iterator[tuple[Any, str]]:
    for n, concept in enumerate(request.resource.reasonCode or ()):
        yield concept, f"{request.pointer}/reasonCode/{n}"


def _referred(reading: Reading, request: Placed, patient: Placed) -> Iterator[tuple[Any, str]]:
    for n, reference in enumerate(request.resource.reasonReference or ()):
        at = f"{request.pointer}/reasonReference/{n}"
        placed = reading.resolve(reference, request, f"reasonReference/{n}")
        if placed is None or placed.type != "Condition":
            detail = "is no Condition that came along: this reason stays with the referring side"
            reading.warn(at, "reason", detail)
        elif _counts(reading, placed, patient) and placed.resource.code:
            yield placed.resource.code, f"{placed.pointer}/code"


def _counts(reading: Reading, placed: Placed, patient: Placed) -> bool:
    condition, at = placed.resource, placed.pointer
    subject = reading.resolve(condition.subject, placed, "subject", "Patient")
    if not reading.is_same(subject, patient):
        reading.warn(f"{at}/subject", "not_of_the_patient", "is not the patient: this condition is not used")
        return False
    verified, clinical = codes_of(condition.verificationStatus), codes_of(condition.clinicalStatus)
    if verified & _NEVER:
        detail = "says that it is not so: this condition is no diagnosis"
        reading.warn(f"{at}/verificationStatus", "not_so", detail)
        return False
    if verified & _NOT_SURE:
        reading.warn(f"{at}/verificationStatus", "not_confirmed", "is not confirmed; the diagnosis is taken")
    over = [name for name in _ABATEMENTS if getattr(condition, name) is not None]
    if clinical & _OVER or over:
        element = "clinicalStatus" if clinical & _OVER else over[0]
        reading.warn(f"{at}/{element}", "is_over", "says that the condition is over; the diagnosis is taken")
    return True


def _diagnosis(reading: Reading, concept: Any, at: str) -> Coding | None:
    """Of ICD-10-CM where there is one, else the first code; with its words."""
    codings = [c for c in codings_of(concept) if c.system and c.code]
    found = min(codings, key=lambda c: c.system not in _ICD_10_CM_ALIASES, default=None)
    if found is None:
        return None
    is_icd = found.system in _ICD_10_CM_ALIASES
    if is_icd and not identifiers.is_icd_10_cm(found.code):
        reading.warn(f"{at}/coding", "icd_10_cm", "is not of the form of ICD-10-CM")
    system = identifiers.ICD_10_CM if is_icd else found.system
    return Coding(system=system, code=found.code, text=concept.text or found.display)
