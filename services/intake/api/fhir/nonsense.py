"""What is no FHIR, or must not be acted on, whatever it says: looked for in the whole JSON of a resource that is read.

Numbers where FHIR has dates (R4 datatypes.html#primitive: dates are strings), lists without measure, and modifiers
that we do not know (R4 extensibility.html#modifierExtension: an application that does not understand one must not act
on the resource; resource.html#implicitRules likewise).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from shared.web import Flaw

LONGEST_LIST: Final = 200
MOST_VALUES: Final = 5000
"""Of one resource. More would keep all others waiting while it is validated."""
_UNREAD: Final = frozenset({"extension", "text"})
"""Not looked into: nobody reads them, and neither can hold a modifier."""
_MODIFIERS: Final = frozenset({"modifierExtension", "implicitRules"})
_DATES: Final = frozenset(
    (
        *("birthDate", "authoredOn", "recordedDate", "lastUpdated", "timestamp", "start", "end", "date", "time"),
        *("deceasedDateTime", "occurrenceDateTime", "onsetDateTime", "abatementDateTime", "lastModified", "creation"),
        *("valueDate", "valueDateTime", "valueInstant", "event", "timeOfDay"),
    )
)
"""Elements of the types that are read whose values are dates, times or instants wherever they stand."""

_WATCHED: Final = _MODIFIERS | _DATES


def faults_of(raw: Mapping[str, Any], pointer: str, known_names: Collection[str]) -> tuple[Flaw, ...]:
    """Everything of this kind in a resource and what it contains, each at its place; pointers hold known names only."""
    found = []
    for count, (place, name, value) in enumerate(_walk(raw, pointer, known_names), 1):
        if (isinstance(value, list) or name in _WATCHED) and (flaw := _fault(place, name, value)):
            found.append(flaw)
        if count > MOST_VALUES:
            return (Flaw(pointer, "too_large", f"holds more than {MOST_VALUES:,} elements"),)
    return tuple(found)


def _fault(place: str, name: str, value: Any) -> Flaw | None:
    if name in _MODIFIERS and value and not isinstance(value, dict):
        return Flaw(place, "unknown_modifier", "changes what the resource means in a way that is not known here")
    if isinstance(value, list) and len(value) > LONGEST_LIST:
        return Flaw(place, "too_many", f"holds more than {LONGEST_LIST}")
    if name in _DATES and isinstance(value, int | float):
        return Flaw(place, "date", "must be a date as FHIR writes it, not a number")
    return None


def _walk(raw: Mapping[str, Any], pointer: str, known: Collection[str]) -> Iterator[tuple[str, str, Any]]:
    """Every member and item below, as its place, the name of its element, and its value."""
    waiting: list[tuple[Any, str, str]] = [(raw, pointer, "")]
    while waiting:
        here, place, element = waiting.pop()
        if isinstance(here, dict):
            members = [(name, f"{place}/{name}" if name in known else place, inner) for name, inner in here.items()]
        else:
            members = [(element, f"{place}/{n}", inner) for n, inner in enumerate(here[: LONGEST_LIST + 1])]
        for name, where, inner in members:
            yield where, name, inner
            if isinstance(inner, dict | list) and not (here is raw and name in _UNREAD):
                waiting.append((inner, where, name))
