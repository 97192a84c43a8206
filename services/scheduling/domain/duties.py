"""Derives from a placement its tasks, its next deadline, and the calls that it wants."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from services.scheduling.domain.state import Order, Paused, Placement, Reserving, Searching, Visit
from shared.contracts.language import URGENCY, Effect, Task

QUEUE = "scheduling"
Status = Literal[
    "waiting_for_information",
    "choosing",
    "asked",
    "waiting_for_authorization",
    "searching",
    "claiming",
    "no_capacity",
    "booked",
    "outcome_due",
    "missed",
    "declined",
    "fulfilled",
    "ended",
]
_SEEKING: Mapping[type, Status] = {Searching: "searching", Reserving: "claiming", Paused: "no_capacity"}


def status(state: Placement) -> Status:
    """The situation of the placement in one word."""
    if state.is_over:
        return "fulfilled" if state.fulfilled else "ended"
    if state.visit:
        return "outcome_due" if state.visit.outcome_due_at else "booked"
    if state.is_handed("decide_on_missed"):
        return "missed"
    if state.is_declined:
        return "declined"
    return _SEEKING[type(state.seeking)] if state.seeking else _before_seeking(state)


def _before_seeking(state: Placement) -> Status:
    if state.choice is None:
        return "choosing" if state.is_complete else "waiting_for_information"
    return "asked" if state.choice.answer == "asked" else "waiting_for_authorization"


def tasks(state: Placement) -> tuple[Task, ...]:
    """The most pressing task; none where another service has it, or nothing is left to do."""
    if state.handed:
        first = min(state.handed, key=lambda handed: handed.due_at)
        return (Task.of(first.act, first.owner, QUEUE, first.due_at),)
    if state.is_settled:
        return ()
    choice = state.choice
    if choice and choice.answer == "asked" and choice.answer_due_at:
        return (Task.of("answer_specialist_request", "specialist", "specialists", choice.answer_due_at),)
    return (_of_visit(state.visit),) if state.visit else _of_seeking(state)


def _of_visit(visit: Visit) -> Task:
    if visit.outcome_due_at:
        return Task.of("record_outcome", "specialist", QUEUE, visit.outcome_due_at)
    return Task.of("attend_visit", "patient", QUEUE, visit.attempt.slot.ends_at)


def _of_seeking(state: Placement) -> tuple[Task, ...]:
    seeking = state.seeking
    if seeking is None:
        return ()
    due_at = seeking.again_at if isinstance(seeking, Paused) else seeking.until
    return (Task.of("book_visit", "system", QUEUE, due_at),)


def next_due(state: Placement) -> datetime | None:
    """The earliest instant at which a Tick has something to decide."""
    if state.is_settled:
        return None
    candidates = (_office_due(state), _seeking_due(state), _visit_due(state))
    return min((instant for instant in candidates if instant), default=None)


def _office_due(state: Placement) -> datetime | None:
    choice = state.choice
    return choice.answer_due_at if choice and choice.answer == "asked" else None


def _seeking_due(state: Placement) -> datetime | None:
    match state.seeking:
        case Searching(until=until) | Reserving(until=until):
            return until
        case Paused(again_at=again_at):
            return again_at
    return None


def _visit_due(state: Placement) -> datetime | None:
    visit = state.visit
    if visit is None:
        return None
    if visit.outcome_due_at is None:
        return visit.attempt.slot.ends_at
    return None if state.is_handed("obtain_outcome") else visit.outcome_due_at


def wanted_effects(state: Placement) -> list[Effect]:
    """The calls that are wanted. Kept visits stay listed for ever: a visit that took place is not withdrawn."""
    if state.order is None:
        return []
    return [*_offices(state, state.order), *_calendar(state, state.order)]


def _offices(state: Placement, order: Order) -> list[Effect]:
    urgency = URGENCY[order.priority]
    choice = state.choice
    asked = [choice] if choice and choice.answer_due_at else []
    kept = [visit.attempt for visit in state.visits if visit.is_kept]
    return [
        *(Effect(kind="office_request", revision=c.number, target=c.provider_ref, urgency=urgency) for c in asked),
        *(Effect(kind="appointment", revision=a.number, target=a.slot.provider_ref, urgency=urgency) for a in kept),
    ]


def _calendar(state: Placement, order: Order) -> list[Effect]:
    """Calls to one provider's calendar share a target, so that few of them compete for a day at once."""
    urgency = URGENCY[order.priority]
    attempts = [visit.attempt for visit in state.visits if visit.is_kept]
    effects = []
    match state.seeking:
        case Searching(search=search, provider_ref=provider_ref):
            effects.append(Effect(kind="search", revision=search, target=provider_ref, urgency=urgency))
        case Reserving(attempt=attempt):
            attempts.append(attempt)
    reservations = (
        Effect(kind="claim", revision=a.number, target=a.slot.provider_ref, urgency=urgency) for a in attempts
    )
    return [*effects, *reservations]
