"""Chooses what each party will do: a pure function of a seed and an identifier.

The same input therefore ends the same, whatever was killed meanwhile and in whatever order it came. No clock, no
memory and no chance may enter.
"""

from hashlib import blake2b
from typing import Literal, get_args

Kind = Literal[
    "eligibility",
    "auth_required",
    "in_network",
    "authorization",
    "office_request",
    "visit",
    "report",
    "information",
    "acknowledgement",
    "sms",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Table = tuple[tuple[str, int], ...]

TABLES: dict[Kind, Table] = {
    "eligibility": (("active", 95), ("inactive", 3), ("cannot_process", 2)),
    "auth_required": (("Y", 60), ("N", 35), ("U", 5)),
    "in_network": (("Y", 97), ("N", 2), ("U", 1)),
    "authorization": (
        ("certify", 50),
        ("pend_then_certify", 25),
        ("deny", 7),
        ("pend_then_deny", 5),
        ("pend_for_ever", 3),
        ("no_action_required", 3),
        ("certify_in_part", 2),
        ("modify", 2),
        ("contact_payer", 2),
        ("unheard_of", 1),
    ),
    "office_request": (("accept", 88), ("decline", 9), ("stay_silent", 3)),
    "visit": (("fulfil", 88), ("miss", 10), ("stay_silent", 2)),
    "report": (("send", 92), ("send_late", 5), ("never", 3)),
    "information": (("supply", 85), ("never", 15)),
    "acknowledgement": (("acknowledge", 95), ("never", 5)),
    "sms": (("deliver", 96), ("fail", 4)),
}
"""Per kind of question the possible behaviours, each with its share in percent."""


def digest(*parts: str) -> str:
    """32 hexadecimal digits that stand for the parts and give nothing away."""
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def draw(seed: str, purpose: str, identifier: str) -> float:
    """A number in [0, 1): the same for the same arguments, evenly spread over identifiers."""
    # 13 hexadecimal digits are what a float holds exactly, so it never rounds up to 1.
    return int(digest(seed, purpose, identifier)[:13], 16) / 16**13


def chosen(seed: str, kind: Kind, identifier: str) -> str:
    """The behaviour that the identifier meets, by the shares of its table."""
    rest = draw(seed, kind, identifier) * 100
    for behaviour, share in TABLES[kind]:
        rest -= share
        if rest < 0:
            return behaviour
    return TABLES[kind][-1][0]


def between(seed: str, purpose: str, identifier: str, bounds: tuple[int, int]) -> int:
    """A whole number within the bounds, both included."""
    low, high = bounds
    return low + int(draw(seed, purpose, identifier) * (high - low + 1))
