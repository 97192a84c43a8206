"""What a person is called now: the official name in force, else the usual one (R4 valueset-name-use.html).

Never a name that is old, of before a marriage, or anonymous. A name that breaks its line is refused: it would write a
paragraph of its own into a letter.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.intake.api.fhir.mapping import given_of
from services.intake.api.fhir.periods import is_in_force
from services.intake.api.fhir.reading import Reading
from services.intake.domain.lines import as_one_line, is_one_line

_USES: Final[Mapping[str | None, int]] = {"official": 0, "usual": 1, None: 2, "temp": 3, "nickname": 4}


def names_in_force(reading: Reading, person: Any) -> list[tuple[int, Any]]:
    """The names that are in use now, the most official first, each with its place. Names that say nothing are none."""
    found = [
        (n, name)
        for n, name in enumerate(person.name or ())
        if name.use in _USES and is_in_force(name.period, reading.now, reading.home_zone)
        if name.family or name.text or given_of(name)
    ]
    return sorted(found, key=lambda placed: (_USES[placed[1].use], *_parts(placed[1])))


def called(reading: Reading, patient: Any, pointer: str) -> tuple[str, str]:
    """Given and family name of a patient, both empty where there is none. Who has one name has it as family name."""
    found = next(iter(names_in_force(reading, patient)), None)
    if found is None:
        if patient.name:
            reading.warn(f"{pointer}/name", "name", "holds no name that is in use now")
        return "", ""
    n, name = found
    for element, text in _texts(name):
        if not is_one_line(text.strip()):
            reading.refuse(f"{pointer}/name/{n}/{element}", "control_characters", "must be one line of text")
    given, family = _parts(name)
    return (given, family) if family else ("", given)


def full_name(reading: Reading, person: Any) -> str | None:
    """The name of somebody else, such as a clinician, on one line."""
    found = next((name for _, name in names_in_force(reading, person)), None)
    if found is None:
        return None
    given, family = _parts(found)
    return f"{given} {family}".strip() or None


def _texts(name: Any) -> Iterator[tuple[str, str]]:
    yield from (("given", given) for given in given_of(name))
    yield from ((element, text) for element in ("family", "text") if (text := getattr(name, element)))


def _parts(name: Any) -> tuple[str, str]:
    """Given and family; the text stands in where neither is there."""
    given, family = as_one_line(" ".join(given_of(name))), as_one_line(name.family or "")
    return (given, family) if given or family else ("", as_one_line(name.text or ""))
