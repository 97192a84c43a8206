"""Finds out the type of an Identifier: by its coding (HL7 table 0203, written in any of three ways) or its text.

Source of the codes: HL7 v2 table 0203; R4 valueset-identifier-type.html names PLAC, FILL, MR, MB and others of it.
"""

from collections.abc import Iterator
from typing import Any, Final

from services.intake.api.fhir.mapping import codings_of

TABLE_0203: Final = frozenset(
    (
        "http://terminology.hl7.org/CodeSystem/v2-0203",
        "http://hl7.org/fhir/v2/0203",
        "urn:oid:2.16.840.1.113883.18.108",
    )
)
"""Today's name, the name until 2018 (DSTU2, STU3), and HL7's object identifier."""
_USES: Final = ("official", "usual", None, "secondary", "temp")


def types_of(identifier: Any) -> set[str]:
    """The codes of table 0203 that an identifier has."""
    return {c.code for c in codings_of(identifier.type) if c.code and c.system in TABLE_0203}


def words_of(identifier: Any) -> str:
    """The type's texts in lower case: its text, and the display of its codings."""
    if identifier.type is None:
        return ""
    shown = (text for c in codings_of(identifier.type) for text in (c.display, c.code) if text)
    return " ".join((identifier.type.text or "", *shown)).casefold().strip()


def usable(identifiers: Any) -> Iterator[tuple[int, Any]]:
    """Those that have a system and a value, each with its place."""
    for n, identifier in enumerate(identifiers or ()):
        if identifier.system and identifier.system.strip() and identifier.value and identifier.value.strip():
            yield n, identifier


def rank_of_use(use: str | None) -> int:
    """The rank of a use: official and usual before others. Skipping `old` numbers is the caller's task."""
    return _USES.index(use) if use in _USES else len(_USES)
