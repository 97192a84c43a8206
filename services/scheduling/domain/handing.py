"""Two sentences that every decision ends in: this referral, and this is a person's now."""

from services.scheduling.domain.deadlines import owner_and_due
from services.scheduling.domain.facts import HandedOver
from services.scheduling.domain.state import Act, Order, Placement
from shared.contracts.language import Command
from shared.errors import NotFound


def order_of(state: Placement) -> Order:
    """The order. Raises NotFound while nothing was heard of the referral."""
    if state.order is None:
        raise NotFound
    return state.order


def hand_over(act: Act, command: Command, state: Placement) -> list[HandedOver]:
    """Give a person the next step; one who has it already keeps the due time."""
    if state.handed and state.handed.act == act:
        return []
    owner, due_at = owner_and_due(act, command.at)
    return [HandedOver(act, owner, due_at)]
