"""Canaries: what can be told from everything else wherever it turns up, in whatever spelling.

Most share one stem, which no word of ours contains. What has a form of its own (a date, a number) stands beside it.
"""

import base64
import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final
from urllib.parse import quote

STEM: Final = "Zqvexkuw"
"""Eight letters, so that it fits where BCP 47 has a subtag."""
PHONE, PHONE_AS_WRITTEN, SITE_PHONE = "+16175550142", "(617) 555-0142", "+14155550163"
BIRTH_DATE: Final = date(1931, 7, 19)
NPI, ICD, ICD_SUPPLIED = "1987650003", "Q7C.X9RY", "R8D.W7QX"
ZIP: Final = "99403"
"""No second and millisecond of a log, and no port. It is a real one, since the time zone is looked up by it."""
TIMEZONE: Final = "America/Indiana/Tell_City"
EXACT: Final[Mapping[str, tuple[str, ...]]] = {
    "phone": (PHONE[2:],),
    "site phone": (SITE_PHONE[2:],),
    "birth date": (BIRTH_DATE.isoformat(), "07-19-1931", "1931-7-19", "7-19-1931"),
    "npi": (NPI,),
    "icd": (ICD, ICD_SUPPLIED),
    "zip": (ZIP,),
    "timezone": (TIMEZONE,),
}
"""By name: found with other marks between the characters too, or with none."""

_NEEDLE: Final = 8
"""How much of an encoding is looked for: enough that chance does not write it."""


def base64_of(text: str) -> Iterator[bytes]:
    """What base64, of either alphabet, makes of a text wherever in a longer one it stands."""
    for skipped, encode in itertools.product((0, 2, 1), (base64.b64encode, base64.urlsafe_b64encode)):
        whole = text.encode()[skipped:]
        yield encode(whole[: len(whole) // 3 * 3])


def _spellings(text: str) -> Iterator[bytes]:
    """Encodings of a text that keep it together."""
    for cased in {text, text.lower(), text.upper()}:
        yield from (part for part in base64_of(cased) if len(part) >= _NEEDLE)
        yield cased.encode("utf-16-le")


def _folded(text: str) -> Iterator[bytes]:
    """Encodings that are compared in lower case."""
    for cased in {text, text.lower(), text.upper()}:
        yield cased.encode().hex().encode()
        yield "".join(f"%{ord(character):02x}" for character in cased).encode()
        yield "".join(f"\\u{ord(character):04x}" for character in cased).encode()
    yield text.lower().encode()
    yield quote(text, safe="").lower().encode()


def _loosely(text: str) -> bytes:
    """A pattern for a text with or without up to two marks between its characters, and nothing like it around."""
    characters = [character.encode() for character in text.lower() if character.isalnum()]
    return rb"(?<![0-9a-z])" + rb"[^0-9a-z]{0,2}".join(characters) + rb"(?![0-9a-z])"


_SPELLED: Final = {
    name: sorted({spelling for text in texts for spelling in _spellings(text)})
    for name, texts in {"stem": (STEM,), **EXACT}.items()
}
_FOLDED: Final = {
    name: sorted({spelling for text in texts for spelling in _folded(text)})
    for name, texts in {"stem": (STEM,), **EXACT}.items()
    if name != "zip"  # five digits alone are found in any long number
}
_LOOSE: Final = {name: re.compile(b"|".join(map(_loosely, texts))) for name, texts in EXACT.items()}


def found_in(content: bytes) -> set[str]:
    """Names of the canaries that a content holds, in whatever spelling."""
    lower = content.lower()
    spelled = {name for name, needles in _SPELLED.items() if any(needle in content for needle in needles)}
    folded = {name for name, needles in _FOLDED.items() if any(needle in lower for needle in needles)}
    return spelled | folded | {name for name, pattern in _LOOSE.items() if pattern.search(lower)}


def planted(mark: str) -> str:
    """A canary of its own, to tell one field from another."""
    return f"{STEM}{mark}"
