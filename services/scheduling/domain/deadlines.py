"""The time limits of each step by priority, and the earliest time of a visit."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.scheduling.domain.state import Act, Placement, Reserving, Searching
from shared.business_days import after_business_days
from shared.contracts.language import Owner, Priority

BOOKING_TIME = timedelta(minutes=15)
"""A search or a reservation takes seconds. One that has taken this long has failed, and becomes a person's task."""
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
"""The time that a patient needs between the message about a visit and the visit."""
CLINICIANS_DECIDE: Mapping[Act, int] = {"decide_on_missed": 2}
"""Tasks of the ordering clinician, in business days. All others are a coordinator's, and have one day."""


def answer_due_at(priority: Priority, at: datetime) -> datetime:
    """Until when an office has to answer."""
    days = ANSWER_BUSINESS_DAYS.get(priority)
    return after_business_days(at, days) if days else at + STAT_ANSWER_TIME


def owner_and_due(act: Act, at: datetime) -> tuple[Owner, datetime]:
    """The owner and due time of a task that a program cannot do."""
    days = CLINICIANS_DECIDE.get(act)
    return ("clinician", after_business_days(at, days)) if days else ("coordinator", after_business_days(at, 1))


def book_until(state: Placement, at: datetime) -> datetime:
    """When a visit should be booked: one due time from the first search on, however many attempts are made."""
    under_way = state.seeking if isinstance(state.seeking, Searching | Reserving) else None
    return under_way.until if under_way else at + BOOKING_TIME


def earliest_start(state: Placement, priority: Priority, at: datetime) -> datetime:
    """The earliest start of a visit: as the order allows, with notice, and later after a visit given back or missed."""
    earliest = at + NOTICE[priority]
    if state.order and state.order.not_before:
        earliest = max(earliest, state.order.not_before)
    last = state.visits[-1] if state.visits else None
    if last and last.fate == "cancelled":
        return max(earliest, last.attempt.slot.ends_at)
    if last and last.fate == "missed":
        return max(earliest, last.attempt.slot.ends_at + AFTER_MISSED)
    return earliest
