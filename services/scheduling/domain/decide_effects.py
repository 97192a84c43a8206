"""Decides about results of calendar calls, failed calls, and deadlines.

Only this aggregate's own write books an attempt. Until then, and after it is given up, the days only hold its
reservations.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.scheduling.domain import commands as c
from services.scheduling.domain.cascade import begin_search
from services.scheduling.domain.deadlines import OUTCOME_BUSINESS_DAYS, SEARCHED_AGAIN_AFTER, book_until
from services.scheduling.domain.escalation import escalate, order_of
from services.scheduling.domain.facts import (
    AttemptBegun,
    AttemptReleased,
    OutcomeAwaited,
    PlacementFact,
    SeekingPaused,
    SeekingStopped,
)
from services.scheduling.domain.state import Attempt, Paused, Placement, Reserving, Searching, Slot
from shared.business_days import after_business_days
from shared.contracts.language import Command, EffectNeedsPerson, Reason, Tick
from shared.contracts.scheduling import NoCapacityFound, ProviderDeclined, VisitBooked

Facts = list[PlacementFact]
MOST_SEARCHES_IN_VAIN = 5
"""How often a search is repeated because others took the openings, before a person gets a task."""
NOTHING_FREE = Reason(system="throughline", code="nothing-free")
NO_ANSWER = Reason(system="throughline", code="no-answer")


def _offer_openings(command: c.OfferOpenings, state: Placement) -> Facts:
    if not isinstance(state.seeking, Searching) or state.seeking.search != command.search:
        return []
    if begun := _try_next(command.openings, command, state):
        return begun
    found_none = NoCapacityFound(
        **vars(command.attribution),
        referral_id=order_of(state).referral_id,
        searched_to=command.searched_to,
        reason=NOTHING_FREE,
    )
    return [*_pause(command, state), found_none]


def _try_next(openings: tuple[Slot, ...], command: Command, state: Placement) -> Facts:
    """Begin an attempt on the first opening that is allowed and in the future. Nothing happens if there is none."""
    usable = [slot for slot in openings if state.leave.covers(slot) and slot.starts_at > command.at]
    if not usable:
        return []
    first, *rest = usable
    attempt = Attempt(state.attempts + 1, first)
    return [AttemptBegun(attempt, "own", book_until(state, command.at), tuple(rest))]


def _pause(command: Command, state: Placement) -> Facts:
    """Try again later. A person gets a task meanwhile; a visit that is already booked stays."""
    if state.seeking is None or state.visit:
        return [SeekingStopped(), *escalate("reschedule_visit", command, state)]
    again_at = command.at + SEARCHED_AGAIN_AFTER
    return [SeekingPaused(state.seeking.provider_ref, again_at), *escalate("find_capacity", command, state)]


def _reserved(command: c.RecordReserved, state: Placement) -> Facts:
    """Book: the attempt becomes the visit, and a visit that it replaces is given up."""
    reserving = state.seeking
    if not isinstance(reserving, Reserving) or reserving.attempt.number != command.attempt:
        return []
    item = state.leave.item_covering(reserving.attempt.slot)
    return [
        VisitBooked(
            **vars(command.attribution),
            referral_id=order_of(state).referral_id,
            visit_id=command.visit_id,
            replaces=state.visit.visit_id if state.visit else None,
            booked_by=reserving.booked_by,
            case_item=item.item if item else None,
            provider_ref=reserving.provider_ref,
            site_ref=reserving.attempt.slot.site_ref,
            seals={"visit": command.seal},
        )
    ]


def _reservation_refused(command: c.RecordReservationRefused, state: Placement) -> Facts:
    """Try the next opening, else search again. A time that a person asked for is not silently replaced by another."""
    reserving = state.seeking
    if not isinstance(reserving, Reserving) or reserving.attempt.number != command.attempt:
        return []
    if begun := _try_next(reserving.rest, command, state):
        return begun
    if reserving.is_asked_for or state.searches_in_vain >= MOST_SEARCHES_IN_VAIN:
        return _pause(command, state)
    return [begin_search(command, state)]


def _reservation_released(command: c.RecordReservationReleased, state: Placement) -> Facts:
    is_given_up = any(attempt.number == command.attempt for attempt in state.given_up)
    return [AttemptReleased(command.attempt)] if is_given_up else []


def _effect_needs_person(command: EffectNeedsPerson, state: Placement) -> Facts:
    """A call was tried as often as makes sense.

    Of what is not wanted any more nobody needs to hear, but of a visit that its office still expects: an office that
    keeps a request learns that it is withdrawn when it says yes.
    """
    revision, seeking, choice, visit = command.effect_revision, state.seeking, state.choice, state.visit
    match command.kind:
        case "search" if isinstance(seeking, Searching) and seeking.search == revision:
            return _pause(command, state)
        case "claim" if isinstance(seeking, Reserving) and seeking.attempt.number == revision:
            return _pause(command, state)
        case "office_request" if choice and (choice.number, choice.answer) == (revision, "asked") and not state.is_over:
            return [*escalate("call_office", command, state)]
        case "appointment" if visit and visit.attempt.number == revision:
            return [*escalate("confirm_appointment", command, state)]
        case "appointment":
            given_back = (v for v in state.visits if v.attempt.number == revision and not v.is_kept)
            return [fact for v in given_back for fact in escalate("call_off_appointment", command, state, v.visit_id)]
    return []


def _tick(command: Tick, state: Placement) -> Facts:
    """Escalate everything that is due. After the end only the outcome of a visit that had begun matters."""
    if state.is_settled:
        return []
    return [*_office_overdue(command, state), *_seeking_overdue(command, state), *_visit_overdue(command, state)]


def _office_overdue(command: Tick, state: Placement) -> Facts:
    choice = state.choice
    if choice is None or choice.answer != "asked" or choice.answer_due_at is None or choice.answer_due_at > command.at:
        return []
    return [
        ProviderDeclined(
            **vars(command.attribution),
            referral_id=order_of(state).referral_id,
            choice=choice.number,
            provider_ref=choice.provider_ref,
            reason=NO_ANSWER,
        )
    ]


def _seeking_overdue(command: Tick, state: Placement) -> Facts:
    seeking = state.seeking
    if isinstance(seeking, Paused):
        return [begin_search(command, state)] if seeking.again_at <= command.at else []
    return _pause(command, state) if seeking and seeking.until <= command.at else []


def _visit_overdue(command: Tick, state: Placement) -> Facts:
    visit = state.visit
    if visit is None:
        return []
    if visit.outcome_due_at is None:
        due_at = after_business_days(command.at, OUTCOME_BUSINESS_DAYS)
        return [OutcomeAwaited(visit.visit_id, due_at)] if visit.attempt.slot.ends_at <= command.at else []
    return [*escalate("obtain_outcome", command, state)] if visit.outcome_due_at <= command.at else []


BOOKING: Mapping[type, Callable[[Any, Placement], Facts]] = {
    c.OfferOpenings: _offer_openings,
    c.RecordReserved: _reserved,
    c.RecordReservationRefused: _reservation_refused,
    c.RecordReservationReleased: _reservation_released,
    EffectNeedsPerson: _effect_needs_person,
    Tick: _tick,
}
