"""Decides about the facts of other services. Only facts of one service come in order."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.scheduling.domain import commands as c
from services.scheduling.domain.escalation import escalate
from services.scheduling.domain.facts import (
    ClearanceChanged,
    EscalationResolved,
    OrderTaken,
    PathwayTaken,
    PlacementBegun,
    PlacementEnded,
    PlacementFact,
    PlacementHeld,
    PlacementResumed,
)
from services.scheduling.domain.state import Act, Clearance, Placement
from shared.contracts.notifications import ContactOutcome
from shared.contracts.scheduling import VisitFulfilled

Facts = list[PlacementFact]
PATIENTS_WISHES: Mapping[ContactOutcome, Act] = {
    "wants_other_time": "reschedule_visit",
    "declined": "resolve_declined_visit",
}


def _take_order(command: c.TakeOrder, state: Placement) -> Facts:
    return [] if state.order else [OrderTaken(command.order, command.candidates)]


def _take_pathway(command: c.TakePathway, state: Placement) -> Facts:
    is_known = state.order is None or state.order.pathway == command.pathway
    return [] if is_known else [PathwayTaken(command.pathway, command.candidates)]


def _hold(_command: c.HoldPlacement, state: Placement) -> Facts:
    return [] if state.is_held else [PlacementHeld()]


def _resume(_command: c.ResumePlacement, state: Placement) -> Facts:
    return [PlacementResumed()] if state.is_held else []


def _begin(_command: c.BeginPlacement, state: Placement) -> Facts:
    return [] if state.is_complete else [PlacementBegun()]


def _end(command: c.EndPlacement, state: Placement) -> Facts:
    return [] if state.ended else [PlacementEnded(command.reason)]


def _record_report(command: c.RecordReport, state: Placement) -> Facts:
    """A report proves a visit: the one that it names, else the one that has begun, else one that we never booked."""
    if state.order is None or state.fulfilled:
        return []
    visit = state.visit
    begun = visit.visit_id if visit and visit.attempt.slot.starts_at <= command.at else None
    return [
        VisitFulfilled(
            **vars(command.attribution),
            referral_id=state.order.referral_id,
            visit_id=command.visit_id or begun or command.unbooked_visit_id,
            evidence="report",
        )
    ]


def _record_request(_command: c.RecordRequest, state: Placement) -> Facts:
    """A submitted request means that an authorization is needed: earlier ones do not count, but an override does."""
    return _clearance(state, Clearance(is_overridden=state.leave.is_overridden))


def _record_approval(command: c.RecordApproval, state: Placement) -> Facts:
    return _clearance(state, replace(state.leave, is_not_required=False, exempt=None, items=command.items))


def _record_clearance(command: c.RecordClearance, state: Placement) -> Facts:
    if command.basis == "overridden":
        return _clearance(state, replace(state.leave, is_overridden=True))
    any_provider = command.provider_ref is None
    return _clearance(state, replace(state.leave, is_not_required=any_provider, exempt=command.provider_ref, items=()))


def _record_denial(_command: c.RecordDenial, state: Placement) -> Facts:
    return _clearance(state, Clearance(is_overridden=state.leave.is_overridden))


def _record_withdrawal(_command: c.RecordWithdrawal, state: Placement) -> Facts:
    return _clearance(state, Clearance())


def _clearance(state: Placement, leave: Clearance) -> Facts:
    return [] if leave == state.leave else [ClearanceChanged(leave)]


def _record_contact(command: c.RecordContact, state: Placement) -> Facts:
    """A patient who cannot come, or will not, is a coordinator's to help; one who will come settles that.

    What the patient says last counts, also while there is no visit: none is booked for one who will not come.
    """
    if state.is_over or command.outcome not in (*PATIENTS_WISHES, "will_attend"):
        return []
    act = PATIENTS_WISHES.get(command.outcome)
    if act == "reschedule_visit" and state.visit is None:
        act = None
    former = [wish for wish in PATIENTS_WISHES.values() if wish != act and state.is_handed(wish)]
    return [*map(EscalationResolved, former), *(escalate(act, command, state) if act else [])]


EVENTS: Mapping[type, Callable[[Any, Placement], Facts]] = {
    c.TakeOrder: _take_order,
    c.TakePathway: _take_pathway,
    c.HoldPlacement: _hold,
    c.ResumePlacement: _resume,
    c.BeginPlacement: _begin,
    c.EndPlacement: _end,
    c.RecordReport: _record_report,
    c.RecordRequest: _record_request,
    c.RecordApproval: _record_approval,
    c.RecordClearance: _record_clearance,
    c.RecordDenial: _record_denial,
    c.RecordWithdrawal: _record_withdrawal,
    c.RecordContact: _record_contact,
}
