"""Telephone numbers that nobody has: a number of its own for each invented patient, so that what one gets can be told.

In each area 555-0100 to 555-0199 are kept for fiction. No clock and no chance may enter: the same order has the same.
"""

from typing import Final
from zlib import crc32

_NO_AREAS: Final = {*range(211, 1000, 100), 999}
_AREAS: Final = tuple(sorted({*range(200, 1000)} - _NO_AREAS))
"""Those that could be: N11 are services, and nobody has 999."""
_KEPT_IN_AN_AREA: Final = 100
KEPT: Final = len(_AREAS) * _KEPT_IN_AN_AREA
"""So many are kept for fiction. Those after them are of 555-02xx to 555-99xx: 7,830,900 in all differ."""


def telephone(n: int, shift: int = 0) -> str:
    """The number `n`, from 0, as E.164. `shift` begins so many areas later."""
    exchange, rest = divmod(n, KEPT)
    area, last = divmod(rest, _KEPT_IN_AN_AREA)
    return f"+1{_AREAS[(area + shift) % len(_AREAS)]}555{exchange + 1:02}{last:02}"


def telephone_of(order_number: str) -> str:
    """The number of whom an order is about: `ORD-000001` counts on from `ORD-000000`, other names begin elsewhere."""
    name = order_number.rstrip("0123456789")
    return telephone(int(order_number[len(name) :] or 0), crc32(name.encode()) % len(_AREAS))
