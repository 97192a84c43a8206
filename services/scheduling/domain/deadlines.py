"""How long each step may take, by priority, and how soon a patient can be expected to come."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.scheduling.domain.state import Act, Placement, Reserving, Searching
from shared.business_days import after_business_days
from shared.contracts.language import Owner, Priority

BOOKING_TIME = timedelta(minutes=15)
"""A search or a reservation takes seconds; what has taken this long is in trouble, and becomes a person's step."""
SEARCHED_AGAIN_AFTER = timedelta(days=1)
AFTER_MISSED = timedelta(days=2)
OUTCOME_BUSINESS_DAYS = 1
STAT_ANSWER_TIME = timedelta(hours=4)
ANSWER_BUSINESS_DAYS: Mapping[Priority, int] = {"urgent": 1, "asap": 1, "routine": 2}
NOTICE: Mapping[Priority, timedelta] = {
    "stat": timedelta(hours=1),
    "asap": timedelta(hours=2),
    "urgent": timedelta(hours=4),
    "routine": timedelta(hours=72),
}
"""What a patient needs to hear of a visit and to get there."""
CLINICIANS_DECIDE: Mapping[Act, int] = {"decide_on_missed": 2}
"""Acts of the ordering clinician, in business days. All others are a coordinator's, and take one."""


def answer_due_at(priority: Priority, at: datetime) -> datetime:
    """Until when an office has to answer."""
    days = ANSWER_BUSINESS_DAYS.get(priority)
    return after_business_days(at, days) if days else at + STAT_ANSWER_TIME


def owner_and_due(act: Act, at: datetime) -> tuple[Owner, datetime]:
    """Who does what a program cannot, and by when."""
    days = CLINICIANS_DECIDE.get(act)
    return ("clinician", after_business_days(at, days)) if days else ("coordinator", after_business_days(at, 1))


def book_until(state: Placement, at: datetime) -> datetime:
    """Until when a visit should be booked, from the first search on: one due time, however many attempts it takes."""
    under_way = state.seeking if isinstance(state.seeking, Searching | Reserving) else None
    return under_way.until if under_way else at + BOOKING_TIME


def earliest_start(state: Placement, priority: Priority, at: datetime) -> datetime:
    """When a visit may begin: not before the order allows, with some notice, after one given back or missed."""
    earliest = at + NOTICE[priority]
    if state.order and state.order.not_before:
        earliest = max(earliest, state.order.not_before)
    last = state.visits[-1] if state.visits else None
    if last and last.fate == "cancelled":
        return max(earliest, last.attempt.slot.ends_at)
    if last and last.fate == "missed":
        return max(earliest, last.attempt.slot.ends_at + AFTER_MISSED)
    return earliest
