"""Which language the patient wants to be written to in, as a tag of BCP 47.

R4 binds Patient.communication.language to BCP 47; ISO 639-2 codes and plain names in English are how older systems say
the same (CLDR knows both). Codings of `urn:ietf:bcp:47` come before local codes, preferred languages before others.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from babel.core import Locale, get_global

from services.intake.api.fhir.mapping import codings_of
from services.intake.api.fhir.reading import Placed, Reading

BCP_47: Final = "urn:ietf:bcp:47"
DEFAULT: Final = "en-US"
_TAG: Final = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{1,8})*)")
_ISO_639: Final = re.compile(r"639|bcp[:\-]?47|HumanLanguage|2\.16\.840\.1\.113883\.6\.(99|100|121)", re.IGNORECASE)
"""Systems whose codes are of two or three letters: ISO 639-1 to -3, and HL7's own names for BCP 47."""
_THREE: Final = 3
_NONE: Final = frozenset({"und", "mul", "zxx", "mis"})
"""Undetermined, several, none, and not coded (ISO 639-2)."""
_OTHER_NAMES: Final = {
    "mandarin": "zh",
    "cantonese": "yue",
    "haitian": "ht",
    "creole": "ht",
    "castilian": "es",
    "español": "es",
    "farsi": "fa",
    "tagalog": "fil",
    "français": "fr",
    "tiếng việt": "vi",
}


def language_of(reading: Reading, patient: Placed) -> str:
    """The language that is preferred, else the first that is spoken; English where none can be read."""
    spoken = sorted(enumerate(patient.resource.communication or ()), key=lambda placed: not placed[1].preferred)
    for n, each in spoken:
        if found := next(_tags(each.language), None):
            return found
        reading.warn(f"{patient.pointer}/communication/{n}/language", "language", "is no language that is known here")
    return DEFAULT


def _tags(concept: Any) -> Iterator[str]:
    """Every reading of what is said, the surest first."""
    codings = list(codings_of(concept))
    yield from (tag for c in codings if c.system == BCP_47 and (tag := _tag(c.code)))
    yield from (tag for c in codings if _ISO_639.search(c.system or "") and (tag := _tag(c.code)))
    texts = [*(c.display for c in codings), concept.text if concept else None]
    yield from (tag for text in texts if (tag := _by_name(text)))
    yield from (tag for c in codings if not c.system and (tag := _tag(c.code)))
    yield from (tag for c in codings if (tag := _by_name(c.code) or _by_three_letters(c.code)))
    yield from (tag for text in texts if (tag := _tag(text)))


def _tag(code: str | None) -> str | None:
    """A tag whose language is one; three letters become two where there are two (RFC 5646 §2.2.1)."""
    match = _TAG.fullmatch((code or "").strip().replace("_", "-"))
    if match is None:
        return None
    language = match[1].lower()
    language = str(get_global("language_aliases").get(language, language))
    return f"{language}{match[2]}" if language in _names_by_code() and language not in _NONE else None


def _by_three_letters(code: str | None) -> str | None:
    """A code of ISO 639-2 that says so by its length alone, in a system that is not known."""
    return (
        str(found)
        if (found := get_global("language_aliases").get((code or "").lower())) and len(code or "") == _THREE
        else None
    )


def _by_name(text: str | None) -> str | None:
    """By its name, also where more is said behind it: `Spanish (Mexico)`, `Spanish; Castilian`."""
    name = (text or "").strip().casefold()
    for part in (name, re.split(r"[,;(/]", name)[0].strip()):
        if found := _OTHER_NAMES.get(part) or _codes_by_name().get(part):
            return found
    return None


@cache
def _names_by_code() -> Mapping[str, str]:
    return Locale("en").languages


@cache
def _codes_by_name() -> Mapping[str, str]:
    return {name.casefold(): code.replace("_", "-") for code, name in _names_by_code().items()}
