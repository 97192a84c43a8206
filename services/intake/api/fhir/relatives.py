"""Whose telephone a child is reached by: a parent's, a guardian's, or the next of kin's.

They stand in Patient.contact, or are RelatedPersons of this patient (R4 patient.html, relatedperson.html). For adults a
relative's number is none of theirs: it is left out, and said so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.intake.api.fhir.mapping import codings_of, day_of
from services.intake.api.fhir.periods import is_in_force
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.telecom import Reached, reached

OF_AGE: Final = 18
_RELATIONS: Final = {
    **dict.fromkeys(("PRN", "NPRN", "ADOPTP", "STPPRN", "PRNFOST", "PRNINLAW"), "parent"),
    **dict.fromkeys(("MTH", "NMTH", "ADOPTM", "STPMTH", "MTHFOST", "GESTM", "NMTHF"), "parent"),
    **dict.fromkeys(("FTH", "NFTH", "ADOPTF", "STPFTH", "FTHFOST", "NFTHF"), "parent"),
    **dict.fromkeys(("GUARD", "GUADLTM", "HPOWATT", "RESPRSN"), "guardian"),
    **dict.fromkeys(("N", "NOK"), "next of kin"),
}
"""HL7 v3 RoleCode, table 0131 and RoleClass: who may speak for a child. Emergency contacts and employers may not."""
_IN_WORDS: Final = re.compile(r"\b(mother|father|parent|mom|dad|mum|guardian|next of kin)\b")
_RANKS: Final = ("parent", "guardian", "next of kin")


@dataclass(frozen=True)
class Relative:
    """A person by whom a child may be reached. `relation` is a word of our own vocabulary."""

    relation: str
    reached: Reached


def is_child(patient: Any, now: datetime, home_zone: str) -> bool:
    """Whether the patient is not of age; of who has no birth date it is not known, and so not."""
    born = day_of(patient.birthDate)
    today = now.astimezone(ZoneInfo(home_zone)).date()
    return born is not None and (today.year - born.year - ((today.month, today.day) < (born.month, born.day))) < OF_AGE


def relative_of(reading: Reading, patient: Placed, country: str | None, *, is_needed: bool) -> Relative | None:
    """The relative's contact, if `is_needed`. Relatives who are not used are warned of by their place."""
    used: Relative | None = None
    candidates = sorted(_named(reading, patient), key=lambda c: _RANKS.index(c[2]) if c[2] else len(_RANKS))
    for person, at, relation in candidates:
        found = None
        if is_needed and relation and used is None:
            found = reached(reading, person.telecom, f"{at}/telecom", country)
        if found and relation:
            used = Relative(relation, found)
        else:
            reading.warn(at, "relative", "names somebody beside the patient, who is not used")
    return used


def _named(reading: Reading, patient: Placed) -> Iterator[tuple[Any, str, str | None]]:
    """The current relatives, with their place and their relation to the patient."""
    for n, contact in enumerate(patient.resource.contact or ()):
        if is_in_force(contact.period, reading.now, reading.home_zone):
            yield contact, f"{patient.pointer}/contact/{n}", _relation(contact)
    for node in reading.shelf.nodes:
        if node.type != "RelatedPerson":
            continue
        placed, _ = reading.shelf.read(node)
        if placed and reading.is_same(reading.resolve(placed.resource.patient, placed, "patient", "Patient"), patient):
            person = placed.resource
            if person.active is not False and is_in_force(person.period, reading.now, reading.home_zone):
                yield person, placed.pointer, _relation(person)


def _relation(person: Any) -> str | None:
    found = set()
    for concept in person.relationship or ():
        for coding in codings_of(concept):
            found.add(_RELATIONS.get(coding.code or "") or _in_words(coding.display))
        found.add(_in_words(concept.text))
    return min((relation for relation in found if relation), key=_RANKS.index, default=None)


def _in_words(text: str | None) -> str | None:
    match = _IN_WORDS.search((text or "").casefold())
    if match is None:
        return None
    return match[1] if match[1] in _RANKS else "parent"
