"""Decides the commands of people and specialists' offices."""

from collections.abc import Callable, Mapping
from typing import Any

from services.scheduling.domain import commands as c
from services.scheduling.domain.cascade import MOST_VISITS
from services.scheduling.domain.choice import MOST_CHOICES, choose
from services.scheduling.domain.deadlines import BOOKING_TIME
from services.scheduling.domain.escalation import escalate, order_of
from services.scheduling.domain.facts import AttemptBegun, EscalationResolved, PlacementFact
from services.scheduling.domain.offices import visits_of
from services.scheduling.domain.state import Act, Attempt, Choice, Order, Placement, Reserving, Slot, Visit
from shared.contracts.language import Command, Reason
from shared.contracts.scheduling import (
    ProviderAccepted,
    ProviderDeclined,
    VisitCancelled,
    VisitFulfilled,
    VisitMissed,
)
from shared.errors import Conflict, NotFound, Rejected

Facts = list[PlacementFact]
DECLINED = Reason(system="throughline", code="declined")
PROVIDER_CHANGED = Reason(system="throughline", code="provider-changed")
MISSED_WITHOUT_ASKING = 1
"""After so many missed visits the ordering clinician decides whether another is searched."""


def _answer_request(command: c.AnswerRequest, state: Placement) -> Facts:
    order = order_of(state)
    choice = next((choice for choice in state.choices if choice.number == command.choice), None)
    if choice is None:
        raise NotFound("not-found", "There is no such request.")
    if choice.answer == ("accepted" if command.is_accepted else "declined") or state.is_over:
        return []
    if not choice.is_active:
        return _too_late(command)
    attribution = {**vars(command.attribution), "referral_id": order.referral_id, "choice": choice.number}
    if command.is_accepted:
        return [ProviderAccepted(**attribution, provider_ref=choice.provider_ref, site_ref=choice.site_ref)]
    reason = command.reason or DECLINED
    declined = ProviderDeclined(**attribution, provider_ref=choice.provider_ref, reason=reason)
    return [*_give_back(reason, command, state), declined]


def _too_late(command: c.AnswerRequest) -> Facts:
    """An office that is not asked any more may decline; it cannot accept, because its visit would not be booked."""
    if command.is_accepted:
        raise Conflict("request-withdrawn", "This request was withdrawn; another provider is being asked.")
    return []


def _choose_provider(command: c.ChooseProvider, state: Placement) -> Facts:
    order_of(state)
    _require_open(state)
    _require_not_held(state)
    if not state.is_complete:
        raise Rejected("not-complete", "The referral lacks information; a provider is chosen when it is complete.")
    if _is_chosen(command, state.choice):
        return []
    if len(state.choices) >= MOST_CHOICES:
        raise Rejected("too-many-choices", f"A referral takes {MOST_CHOICES} choices of a provider at most.")
    given_back = _give_back(PROVIDER_CHANGED, command, state)
    return [*given_back, *_agreed(state), *choose(command.candidate, command, state)]


def _agreed(state: Placement) -> Facts:
    """A person who names a provider or a time has spoken with the patient who would not come: that is settled."""
    act: Act = "resolve_declined_visit"
    return [EscalationResolved(act)] if state.is_handed(act) else []


def _is_chosen(command: c.ChooseProvider, choice: Choice | None) -> bool:
    wanted = command.candidate.provider_ref, command.candidate.site_ref
    return choice is not None and wanted == (choice.provider_ref, choice.site_ref)


def _give_back(reason: Reason, command: Command, state: Placement) -> Facts:
    """Cancel the visit in the future, because its provider will not see the patient."""
    if state.visit is None:
        return []
    _require_ahead(state.visit, command)
    return [_cancelled(state.visit, reason, command, state)]


def _book_visit(command: c.BookVisit, state: Placement) -> Facts:
    order = order_of(state)
    slot = command.slot
    if slot in _slots_now(state):
        return []
    _require_open(state)
    _require_not_held(state)
    if len(state.visits) >= MOST_VISITS:
        raise Rejected("too-many-visits", f"A referral takes {MOST_VISITS} visits at most, with those that were moved.")
    if state.visit:
        _require_ahead(state.visit, command)
    _require_time(slot, order, command)
    if command.parked:
        raise Rejected("parked", "Something about this referral waits unread; what allows a visit may have changed.")
    accepted = _accepted_by_booking(command, state)
    if not state.leave.covers(slot):
        raise Rejected("not-authorized", "No authorization and no override allows a visit at this provider and date.")
    attempt = Attempt(state.attempts + 1, slot)
    until = command.at + BOOKING_TIME
    return [*_agreed(state), *accepted, AttemptBegun(attempt, command.booked_by, until, is_asked_for=True)]


def _require_time(slot: Slot, order: Order, command: Command) -> None:
    if slot.starts_at <= command.at:
        raise Rejected("in-the-past", "A visit is booked ahead of its start.")
    if order.not_before and slot.starts_at < order.not_before:
        raise Rejected("too-early", "The order says that the visit must not be so early.")


def _slots_now(state: Placement) -> list[Slot]:
    """The time that is booked, and the time that is being reserved."""
    booked = [state.visit.attempt.slot] if state.visit else []
    return [*booked, state.seeking.attempt.slot] if isinstance(state.seeking, Reserving) else booked


def _accepted_by_booking(command: c.BookVisit, state: Placement) -> Facts:
    """An office that books by itself has accepted; for anybody else to book, it must have said so."""
    choice, slot = state.choice, command.slot
    if choice is None or choice.provider_ref != slot.provider_ref:
        raise Rejected("provider-not-chosen", "Choose this provider first.")
    if choice.answer == "accepted":
        return []
    if command.booked_by != "external":
        raise Rejected("provider-not-accepted", "The specialist's office has not accepted the referral yet.")
    return [
        ProviderAccepted(
            **vars(command.attribution),
            referral_id=order_of(state).referral_id,
            choice=choice.number,
            provider_ref=choice.provider_ref,
            site_ref=choice.site_ref,
        )
    ]


def _cancel_visit(command: c.CancelVisit, state: Placement) -> Facts:
    visit = _visit(command, state)
    if visit.fate in ("cancelled", "moved"):
        return []
    if visit.fate != "booked":
        raise Conflict("visit-over", "What became of this visit is recorded already.")
    _require_ahead(visit, command)
    return [_cancelled(visit, command.reason, command, state)]


def _cancelled(visit: Visit, reason: Reason, command: Command, state: Placement) -> VisitCancelled:
    return VisitCancelled(
        **vars(command.attribution), referral_id=order_of(state).referral_id, visit_id=visit.visit_id, reason=reason
    )


def _record_outcome(command: c.RecordOutcome, state: Placement) -> Facts:
    visit = _visit(command, state)
    if command.at < visit.attempt.slot.starts_at:
        raise Rejected("visit-not-begun", "A visit has an outcome when it has begun.")
    if command.outcome == "missed":
        return _missed(visit, command, state)
    if state.fulfilled:
        return []
    return [
        VisitFulfilled(
            **vars(command.attribution),
            referral_id=order_of(state).referral_id,
            visit_id=visit.visit_id,
            evidence="person" if command.by.kind == "person" else "office",
        )
    ]


def _missed(visit: Visit, command: c.RecordOutcome, state: Placement) -> Facts:
    if visit.fate == "fulfilled":
        raise Conflict("visit-over", "This visit is recorded as fulfilled.")
    if visit.fate != "booked" or state.fulfilled:
        return []
    count = state.missed + 1
    missed = VisitMissed(
        **vars(command.attribution), referral_id=order_of(state).referral_id, visit_id=visit.visit_id, count=count
    )
    is_to_decide = count > MISSED_WITHOUT_ASKING and not state.ended
    return [missed, *(escalate("decide_on_missed", command, state) if is_to_decide else [])]


def _confirm_appointment(command: c.ConfirmAppointment, state: Placement) -> Facts:
    visit = _visit(command, state)
    if state.is_handed("call_off_appointment", visit.visit_id):
        return [EscalationResolved("call_off_appointment", visit.visit_id)]
    is_asked = visit == state.visit and state.is_handed("confirm_appointment")
    return [EscalationResolved("confirm_appointment")] if is_asked else []


def _visit(command: c.VisitCommand, state: Placement) -> Visit:
    """The visit. A visit of another office is treated as if it did not exist."""
    order_of(state)
    theirs = visits_of(state, command.providers)
    found = next((visit for visit in theirs if visit.visit_id == command.visit_id), None)
    if found is None:
        raise NotFound("not-found", "There is no such visit.")
    return found


def _require_open(state: Placement) -> None:
    if state.is_over:
        raise Conflict("placement-over", "The patient was seen, or the referral is not wanted any more.")


def _require_not_held(state: Placement) -> None:
    if state.is_held:
        raise Conflict("on-hold", "The order is on hold: nothing new is begun until it is active again.")


def _require_ahead(visit: Visit, command: Command) -> None:
    if visit.attempt.slot.starts_at <= command.at:
        raise Conflict("visit-began", "The visit has begun; record its outcome first.")


PEOPLE: Mapping[type, Callable[[Any, Placement], Facts]] = {
    c.AnswerRequest: _answer_request,
    c.ChooseProvider: _choose_provider,
    c.BookVisit: _book_visit,
    c.CancelVisit: _cancel_visit,
    c.RecordOutcome: _record_outcome,
    c.ConfirmAppointment: _confirm_appointment,
}
