"""Limits the size of an order before anything is sealed, because a fact that carries it has a limit.

Larger content belongs in a document, which travels by its address.
"""

import json
from typing import Any, Final

from services.intake.domain.order import Order
from shared.contracts.sealed import CoverageDetails
from shared.web import Flaw

MOST_BYTES: Final = 176 * 1024
"""Of everything that is sealed, together: in base64, as seals are written, it stays below a fact's 256 KiB."""
CODE: Final = "too_large"
_DETAIL: Final = f"makes the order larger than {MOST_BYTES // 1024} KiB; send documents by their address"


def flaw_of_weight(order: Order, document: Any, root: str = "") -> Flaw | None:
    """The refusal of an order that is too large, at its place in the request; None if it is not."""
    coverage = CoverageDetails(policies=order.policies)
    parts = (order.contact, order.clinical, order.wishes, coverage)
    if sum(len(part.model_dump_json().encode()) for part in parts) <= MOST_BYTES:
        return None
    return Flaw(f"{root}{_heaviest(document)}", CODE, _DETAIL)


def _heaviest(document: Any) -> str:
    """Where most of it stands: down to the member that holds more than half of all."""
    pointer, here, half = "", document, _weight(document) // 2
    while isinstance(here, dict | list) and here:
        members = here.items() if isinstance(here, dict) else enumerate(here)
        step, inner = max(members, key=lambda member: _weight(member[1]))
        if _weight(inner) <= half:
            break
        pointer, here = f"{pointer}/{step}", inner
    return pointer


def _weight(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace"))
