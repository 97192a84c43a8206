"""The alphabet of text messages (GSM 03.38): beyond it a message holds 70 characters instead of 160, or costs three."""

import unicodedata
from typing import Final

MOST: Final = 160
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€")
_PLAIN: Final = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u202f": " "})  # noqa: RUF001 - these are the ones to replace


def to_gsm(text: str) -> str:
    """The text in GSM's alphabet: accents that it lacks are dropped, as is what has no plain form."""
    return "".join(_plain(character) for character in text.translate(_PLAIN))


def gsm_length(text: str) -> int:
    """How many of a message's 160 characters the text takes; some take two."""
    return sum(2 if character in _EXTENDED else 1 for character in text)


def is_gsm(text: str) -> bool:
    """Whether the text needs no other alphabet."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def _plain(character: str) -> str:
    if is_gsm(character):
        return character
    return "".join(part for part in unicodedata.normalize("NFKD", character) if is_gsm(part))
