"""Applies facts to a placement. Total: a fact that was recorded is never refused."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.scheduling.domain import facts as f
from services.scheduling.domain.state import (
    Act,
    Attempt,
    Choice,
    Escalation,
    Paused,
    Placement,
    Reserving,
    Searching,
    Visit,
    VisitStatus,
)
from shared.contracts import scheduling as published


def evolve(state: Placement, fact: f.PlacementFact) -> Placement:
    """Fold one fact into the state."""
    return _FOLDS[type(fact)](state, fact)


def _order_taken(state: Placement, fact: f.OrderTaken) -> Placement:
    return replace(state, order=fact.order, candidates=fact.candidates)


def _pathway_taken(state: Placement, fact: f.PathwayTaken) -> Placement:
    order = replace(state.order, pathway=fact.pathway) if state.order else None
    return replace(state, order=order, candidates=fact.candidates)


def _held(state: Placement, _fact: f.PlacementHeld) -> Placement:
    return replace(state, is_held=True)


def _resumed(state: Placement, _fact: f.PlacementResumed) -> Placement:
    return replace(state, is_held=False)


def _begun(state: Placement, _fact: f.PlacementBegun) -> Placement:
    return replace(state, is_complete=True)


def _ended(state: Placement, fact: f.PlacementEnded) -> Placement:
    # After the patient was seen, the provider's acceptance is history and stays.
    choices = state.choices if state.fulfilled else _withdrawn(state.choices)
    return replace(state, ended=fact.reason, choices=choices, handed=_left(state))


def _clearance_changed(state: Placement, fact: f.ClearanceChanged) -> Placement:
    return replace(state, leave=fact.leave)


def _chosen(state: Placement, fact: published.ProviderChosen) -> Placement:
    choice = Choice(fact.choice, fact.provider_ref, fact.site_ref)
    last = state.choices[-1] if state.choices else choice
    is_other = (last.provider_ref, last.site_ref) != (choice.provider_ref, choice.site_ref)
    # The payer is asked anew for another provider, also for one who was chosen at some time before.
    leave = replace(state.leave, items=()) if is_other else state.leave
    handed = _left(state, "resolve_declined_visit")
    return replace(state, leave=leave, choices=(*_withdrawn(state.choices), choice), handed=handed)


def _office_asked(state: Placement, fact: f.OfficeAsked) -> Placement:
    return replace(state, choices=_changed(state.choices, fact.choice, answer_due_at=fact.answer_due_at))


def _accepted(state: Placement, fact: published.ProviderAccepted) -> Placement:
    handed = _left(state, "resolve_declined_visit")
    return replace(state, choices=_changed(state.choices, fact.choice, answer="accepted"), handed=handed)


def _declined(state: Placement, fact: published.ProviderDeclined) -> Placement:
    # A declining office decides nothing for the clinician, nor for the patient.
    handed = _left(state, "decide_on_missed", "resolve_declined_visit")
    return replace(state, choices=_changed(state.choices, fact.choice, answer="declined"), handed=handed)


def _withdrawn(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    return tuple(replace(choice, answer="withdrawn") if choice.is_active else choice for choice in choices)


def _changed(choices: tuple[Choice, ...], number: int, **fields: Any) -> tuple[Choice, ...]:
    return tuple(replace(choice, **fields) if choice.number == number else choice for choice in choices)


def _search_begun(state: Placement, fact: f.SearchBegun) -> Placement:
    return replace(
        state,
        given_up=_given_up(state),
        seeking=Searching(fact.search, fact.provider_ref, fact.until),
        searches=fact.search,
        searches_in_vain=state.searches_in_vain + 1,
    )


def _attempt_begun(state: Placement, fact: f.AttemptBegun) -> Placement:
    reserving = Reserving(fact.attempt, fact.booked_by, fact.until, fact.rest, fact.is_asked_for)
    return replace(state, given_up=_given_up(state), seeking=reserving, attempts=fact.attempt.number)


def _paused(state: Placement, fact: f.SeekingPaused) -> Placement:
    paused = Paused(fact.provider_ref, fact.again_at)
    return replace(state, given_up=_given_up(state), seeking=paused, searches_in_vain=0)


def _stopped(state: Placement, _fact: f.SeekingStopped) -> Placement:
    return replace(state, given_up=_given_up(state), seeking=None, searches_in_vain=0)


def _given_up(state: Placement) -> tuple[Attempt, ...]:
    """Replace the attempt that is under way."""
    seeking = state.seeking
    return (*state.given_up, seeking.attempt) if isinstance(seeking, Reserving) else state.given_up


def _left(state: Placement, *acts: Act) -> tuple[Escalation, ...]:
    """These acts, if people have them, when the rest is overtaken; an office that expects the patient never forgets."""
    return tuple(handed for handed in state.handed if handed.act in ("call_off_appointment", *acts))


def _released(state: Placement, fact: f.AttemptReleased) -> Placement:
    return replace(state, given_up=tuple(a for a in state.given_up if a.number != fact.attempt))


def _booked(state: Placement, fact: published.VisitBooked) -> Placement:
    if not isinstance(state.seeking, Reserving):
        return state
    visit = Visit(fact.visit_id, state.seeking.attempt)
    moved = _with_fate(state, fact.replaces, "moved")
    return replace(moved, visits=(*moved.visits, visit), seeking=None, searches_in_vain=0, handed=_left(state))


def _cancelled(state: Placement, fact: published.VisitCancelled) -> Placement:
    return replace(_with_fate(state, fact.visit_id, "cancelled"), handed=_left(state, "resolve_declined_visit"))


def _missed(state: Placement, fact: published.VisitMissed) -> Placement:
    return replace(_with_fate(state, fact.visit_id, "missed"), handed=_left(state))


def _fulfilled(state: Placement, fact: published.VisitFulfilled) -> Placement:
    kept = any(visit.visit_id == fact.visit_id and visit.is_kept for visit in state.visits)
    # A visit that was given back stays so: its reservations are gone for good.
    marked = _with_fate(state, fact.visit_id, "fulfilled") if kept else state
    return replace(marked, fulfilled=fact.visit_id, handed=_left(state))


def _with_fate(state: Placement, visit_id: str | None, fate: VisitStatus) -> Placement:
    """Record the fate of the visit. One whose time is given back must be released."""
    visits = tuple(replace(v, fate=fate) if v.visit_id == visit_id else v for v in state.visits)
    freed = tuple(v.attempt for v in visits if v.visit_id == visit_id and not v.is_kept)
    return replace(state, visits=visits, given_up=(*state.given_up, *freed))


def _outcome_awaited(state: Placement, fact: f.OutcomeAwaited) -> Placement:
    visits = tuple(replace(v, outcome_due_at=fact.due_at) if v.visit_id == fact.visit_id else v for v in state.visits)
    return replace(state, visits=visits, handed=_left(state))


def _escalated(state: Placement, fact: f.Escalated) -> Placement:
    return replace(state, handed=(*state.handed, Escalation(fact.act, fact.owner, fact.due_at, fact.visit_id)))


def _escalation_resolved(state: Placement, fact: f.EscalationResolved) -> Placement:
    left = (handed for handed in state.handed if (handed.act, handed.visit_id) != (fact.act, fact.visit_id))
    return replace(state, handed=tuple(left))


def _no_capacity(state: Placement, _fact: published.NoCapacityFound) -> Placement:
    return state


_FOLDS: Mapping[type, Callable[[Placement, Any], Placement]] = {
    f.OrderTaken: _order_taken,
    f.PathwayTaken: _pathway_taken,
    f.PlacementHeld: _held,
    f.PlacementResumed: _resumed,
    f.PlacementBegun: _begun,
    f.PlacementEnded: _ended,
    f.ClearanceChanged: _clearance_changed,
    published.ProviderChosen: _chosen,
    f.OfficeAsked: _office_asked,
    published.ProviderAccepted: _accepted,
    published.ProviderDeclined: _declined,
    f.SearchBegun: _search_begun,
    f.AttemptBegun: _attempt_begun,
    f.SeekingPaused: _paused,
    f.SeekingStopped: _stopped,
    f.AttemptReleased: _released,
    published.VisitBooked: _booked,
    published.VisitCancelled: _cancelled,
    published.VisitMissed: _missed,
    published.VisitFulfilled: _fulfilled,
    f.OutcomeAwaited: _outcome_awaited,
    f.Escalated: _escalated,
    f.EscalationResolved: _escalation_resolved,
    published.NoCapacityFound: _no_capacity,
}
