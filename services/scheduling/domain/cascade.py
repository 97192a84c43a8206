"""Derives the facts that follow from the state of a placement, whichever command came last.

Every command ends here, so that facts of different services lead to the same end in whatever order they come.
"""

from services.scheduling.domain.choice import choose_next
from services.scheduling.domain.deadlines import book_until
from services.scheduling.domain.escalation import escalate, order_of
from services.scheduling.domain.facts import EscalationResolved, PlacementFact, SearchBegun, SeekingStopped
from services.scheduling.domain.state import Placement, Reserving
from shared.contracts.language import Command, Reason
from shared.contracts.scheduling import VisitCancelled

MOST_VISITS = 100
"""A limit, because a document has a maximum size. A caller that books or cancels more has a defect."""
SEEN_ALREADY = Reason(system="throughline", code="seen-already")


def onward(command: Command, state: Placement) -> list[PlacementFact]:
    """The next facts that follow at once; none when nothing follows."""
    if state.order is None:
        return []
    if state.is_over:
        return _wind_down(command, state)
    if state.seeking and (state.is_declined or not _may_seek(state)):
        return _stop_seeking(state)
    if state.is_held:
        return []
    if state.is_handed("decide_on_missed") or (state.is_declined and state.choices):
        return []
    if state.is_complete and state.choice is None:
        return choose_next(command, state)
    if state.seeking is None and state.visit is None and _may_seek(state):
        is_endless = len(state.visits) >= MOST_VISITS
        return [*escalate("reschedule_visit", command, state)] if is_endless else [begin_search(command, state)]
    return []


def begin_search(command: Command, state: Placement) -> SearchBegun:
    """Search openings of the chosen provider."""
    provider_ref = state.choice.provider_ref if state.choice else ""
    return SearchBegun(state.searches + 1, provider_ref, book_until(state, command.at))


def _may_seek(state: Placement) -> bool:
    """Whether the placement may book: not on hold, accepted, allowed, and nothing under way for another provider."""
    choice, seeking = state.choice, state.seeking
    if state.is_held:
        return False
    if choice is None or choice.answer != "accepted" or not state.leave.permits(choice.provider_ref):
        return False
    if isinstance(seeking, Reserving) and not state.leave.covers(seeking.attempt.slot):
        return False
    return seeking is None or seeking.provider_ref == choice.provider_ref


def _stop_seeking(state: Placement) -> list[PlacementFact]:
    needs_no_capacity = state.is_handed("find_capacity")
    return [SeekingStopped(), *([EscalationResolved("find_capacity")] if needs_no_capacity else [])]


def _wind_down(command: Command, state: Placement) -> list[PlacementFact]:
    """Give back a visit in the future. One that has begun may have taken place, so its outcome is still asked for."""
    if state.seeking:
        return [SeekingStopped()]
    if state.visit and command.at < state.visit.attempt.slot.starts_at:
        return [
            VisitCancelled(
                **vars(command.attribution),
                referral_id=order_of(state).referral_id,
                visit_id=state.visit.visit_id,
                reason=state.ended or SEEN_ALREADY,
            )
        ]
    return []
