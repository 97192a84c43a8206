"""The refusal of an order number whose system does not belong to the calling EHR (docs/parties.md)."""

from typing import Final

from services.intake.api.access import number_systems
from services.intake.domain import may_place_under
from services.intake.domain.order import Identifier
from shared.identity import Caller
from shared.web import Flaw

CODE: Final = "number_system"
STATUS: Final = 403
_DETAIL: Final = (
    "is of a number system under which this EHR may not place orders: "
    "send the number that it gave out itself, or have its system added to the EHR's entry in the register of parties"
)


def flaw_of_number(caller: Caller, number: Identifier, pointer: str) -> Flaw | None:
    """What is wrong with the number under which this caller sends an order, said at its place; None if nothing is."""
    return None if may_place_under(number, number_systems(caller)) else Flaw(pointer, CODE, _DETAIL)
