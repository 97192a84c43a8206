"""Warns of elements of an order or a patient's record that nothing here uses, each by its place."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.intake.api.fhir.reading import Placed, Reading

OF_THE_ORDER: Final[Mapping[str, str]] = {
    "basedOn": "names what it is based on, which is not read",
    "relevantHistory": "names its history, which is not read",
    "specimen": "names a specimen: a referral has none, and it is not read",
    "instantiatesCanonical": "names a protocol, which is not followed",
    "instantiatesUri": "names a protocol, which is not followed",
}
OF_THE_PATIENT: Final[Mapping[str, str]] = {
    "generalPractitioner": "names somebody who is not told of this referral",
    "photo": "is not kept",
}


def warn_of_what_is_not_used(reading: Reading, request: Placed, patient: Placed) -> None:
    """Warn of each element that is not used."""
    for placed, table in ((request, OF_THE_ORDER), (patient, OF_THE_PATIENT)):
        for element in _present(placed.resource, table):
            reading.warn(f"{placed.pointer}/{element}", "not_used", table[element])


def warn_of_who_wrote_notes(reading: Reading, request: Placed) -> None:
    """A note is kept, and its author is not: readers see the order's."""
    for n, note in enumerate(request.resource.note or ()):
        for element in ("authorReference", "authorString"):
            if note.text and getattr(note, element):
                at = f"{request.pointer}/note/{n}/{element}"
                reading.warn(at, "not_used", "names who wrote the note, which is kept without")


def _present(resource: Any, table: Mapping[str, str]) -> Iterator[str]:
    return (element for element in table if getattr(resource, element, None))
