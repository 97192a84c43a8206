"""FHIR's datatypes in our words: what every rule of reading shares."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.domain.order import is_of_this_century
from shared.contracts.sealed import Coding


def coding_of(concept: Any, *preferred: str) -> Coding | None:
    """One coding of a CodeableConcept: of the preferred systems in their order, else the first; with its text."""
    codings = [c for c in codings_of(concept) if c.system and c.code]
    ranked = sorted(codings, key=lambda c: preferred.index(c.system) if c.system in preferred else len(preferred))
    if not ranked:
        return None
    return Coding(system=ranked[0].system, code=ranked[0].code, text=concept.text or ranked[0].display)


def codes_of(concept: Any, system: str | None = None) -> set[str]:
    """The codes of a CodeableConcept, of one system or of any."""
    return {c.code for c in codings_of(concept) if c.code and system in {None, c.system}}


def codings_of(concept: Any) -> Iterable[Any]:
    """The codings of a CodeableConcept, which may be missing."""
    return (concept.coding if concept else None) or ()


def day_of(when: Any) -> date | None:
    """A whole date; FHIR also has years and months alone."""
    return when if isinstance(when, date) and not isinstance(when, datetime) else None


def instant_of(when: Any, home_zone: str) -> datetime | None:
    """An instant of FHIR: a day without a time begins where the referring side is; a month or a year is no instant."""
    if not isinstance(when, date):
        return None
    instant = when if isinstance(when, datetime) else datetime.combine(when, time(), ZoneInfo(home_zone))
    return instant if is_of_this_century(instant) else None


def given_of(name: Any) -> list[str]:
    """FHIR's JSON has null in a list where an element has nothing but extensions."""
    return [given for given in name.given or () if given]
