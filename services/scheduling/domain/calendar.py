"""Computes which calendar days an interval touches, their order, and whether an attempt still counts.

Placement and calendar day both use these rules. The placement's own write alone decides whether a visit is booked.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from services.scheduling.domain.state import Order, Placement, Reserving, Slot
from shared.contracts.language import tenant_of

Life = Literal["trying", "booked", "dead"]
_A_MOMENT = timedelta(microseconds=1)


def days_of(order: Order, slot: Slot) -> tuple[str, ...]:
    """The ids of the days to reserve, in the order in which every placement reserves them: patient, practitioner, room.

    Dates are UTC for every resource: with local dates, two overlapping visits of a patient at sites of different
    zones may meet in no day.
    """
    dates = dates_between(slot.starts_at, slot.ends_at)
    return tuple(day_id(order.referral_id, resource, day) for resource in resources_of(order, slot) for day in dates)


def resources_of(order: Order, slot: Slot) -> tuple[str, str, str]:
    """The resources of a visit, in their fixed order."""
    return order.patient_ref, slot.provider_ref, slot.room_ref


def dates_between(starts_at: datetime, ends_at: datetime) -> tuple[date, ...]:
    """The UTC dates that an interval touches; its end is not part of it."""
    first, last = _utc_date(starts_at), _utc_date(ends_at - _A_MOMENT)
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def day_id(referral_id: str, resource: str, day: date) -> str:
    """The day of one resource, within the tenant of the referral."""
    return f"{tenant_of(referral_id)}-day-{resource}-{day.isoformat()}"


def whole_day(day: date) -> tuple[datetime, datetime]:
    """All of a UTC date."""
    begins = datetime.combine(day, time(), UTC)
    return begins, begins + timedelta(days=1)


def overlaps(starts_at: datetime, ends_at: datetime, others: Iterable[tuple[datetime, datetime]]) -> bool:
    """Whether an interval meets any of the others; touching is not meeting."""
    return any(starts_at < end and start < ends_at for start, end in others)


def life_of(state: Placement, attempt: int) -> Life:
    """Whether an attempt is under way, booked, or dead for ever.

    An attempt that this state does not know yet counts as under way: a reservation is removed only when that is
    certain.
    """
    if any(visit.attempt.number == attempt and visit.is_kept for visit in state.visits):
        return "booked"
    is_trying = isinstance(state.seeking, Reserving) and state.seeking.attempt.number == attempt
    return "trying" if is_trying or attempt > state.attempts else "dead"


def _utc_date(instant: datetime) -> date:
    return instant.astimezone(UTC).date()
