"""The counterparties of a referral: the EHR that placed the order, its order numbers, and the chosen office.

None of them is ever guessed.
"""

import re
from collections.abc import Collection
from typing import Final

from services.intake.domain.order import Identifier
from services.intake.domain.state import Referral, State

_NAME_SPACE: Final = re.compile("^(?:filler|server|task|message)[|]")
"""The prefix of an order name's system, for names other than the placer's numbers."""


def may_place_under(number: Identifier, systems: Collection[str]) -> bool:
    """Whether who places orders under these number systems alone may place this one; without systems, under any.

    The filler's number counts by its system, a server's id by the address of the server and the type.
    """
    return not systems or _NAME_SPACE.sub("", number.system) in systems


def placed_by(state: State) -> str | None:
    """The EHR that placed the order. None: a person placed it, or it is older than this field."""
    return state.placed_by if isinstance(state, Referral) else None


def put_to(state: State) -> frozenset[str]:
    """The provider who shall see the patient, as far as intake knows."""
    chosen = state.chosen if isinstance(state, Referral) else None
    return frozenset({chosen.provider_ref} if chosen else ())
