"""Helpers of every decision: the order of this referral, and a task for a person."""

from services.scheduling.domain.deadlines import owner_and_due
from services.scheduling.domain.facts import Escalated
from services.scheduling.domain.state import Act, Order, Placement
from shared.contracts.language import Command
from shared.errors import NotFound


def order_of(state: Placement) -> Order:
    """The order. Raises NotFound while nothing was heard of the referral."""
    if state.order is None:
        raise NotFound
    return state.order


def escalate(act: Act, command: Command, state: Placement, visit_id: str | None = None) -> list[Escalated]:
    """Give a person a task, beside existing ones. A task that exists already keeps its due time."""
    if state.is_handed(act, visit_id):
        return []
    owner, due_at = owner_and_due(act, command.at)
    return [Escalated(act, owner, due_at, visit_id)]
