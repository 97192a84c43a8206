"""Text that must stay on one line: a name with line breaks in it could write a paragraph of its own into a letter."""

import unicodedata
from typing import Final

_BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of controls, and of separators of lines and paragraphs."""
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of writing (UAX 9), and so shows a text other than it is."""


def is_one_line(text: str) -> bool:
    """Whether a text holds neither control characters, line breaks nor turns of direction."""
    # All of these are unprintable to Python, and nearly every text is printable: one look instead of one for each sign.
    return text.isprintable() or not any(unicodedata.category(sign) in _BREAKS or sign in _TURNS for sign in text)


def as_one_line(text: str) -> str:
    """The text with blanks in place of what breaks a line, and single blanks between its words."""
    kept = text if is_one_line(text) else "".join(sign if is_one_line(sign) else " " for sign in text)
    return " ".join(kept.split())
