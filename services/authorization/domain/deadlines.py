"""Computes due times, exact across daylight saving time, leap days and holidays. Results are instants in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.authorization.domain.payers import Payer, PayerClock
from shared.business_days import business_day_after
from shared.contracts.authorization import Urgency

EXTENSION: Final = timedelta(days=14)
"""The longest extension that a plan may take on its own (42 CFR 422.568)."""
PEER_TO_PEER: Final = PayerClock(count=14, unit="calendar_days")
APPEAL: Final = PayerClock(count=65, unit="calendar_days")
"""Medicare Advantage reconsideration: within 65 days of the notice (42 CFR 422.582)."""
OUR_TIME: Final = PayerClock(count=1, unit="business_days")
"""How soon a person must look at what a program could not settle."""
_LAST_DAY: Final = date(9000, 1, 1)
"""Payers write 9999-12-31 for "no end"; the day after it does not exist."""


def due(start: datetime, clock: PayerClock, zone: str) -> datetime:
    """When a clock that starts now has run out.

    Hours elapse. Days end at the same time of day where the payer is; a time of day that the change to daylight
    saving time skips is an hour later, one that comes twice is its first.
    """
    if clock.unit == "hours":
        return start.astimezone(UTC) + timedelta(hours=clock.count)
    local = start.astimezone(ZoneInfo(zone))
    if clock.unit == "calendar_days":
        return _instant(local.date() + timedelta(days=clock.count), local.time(), zone)
    return _instant(business_day_after(local.date(), clock.count), local.time(), zone)


def decision_due(received_at: datetime, urgency: Urgency, payer: Payer) -> datetime:
    """When the payer must have decided what it received then."""
    return due(received_at, payer.clock(urgency), payer.zone)


def extended(stated: datetime | None, received_at: datetime, ruled: datetime) -> datetime:
    """The payer's own date, where it states one: not before it had the request, nor beyond a lawful extension."""
    return min(max(stated or ruled, received_at), ruled + EXTENSION).astimezone(UTC)


def end_of(day: date, zone: str) -> datetime:
    """When a day ends in the payer's time zone."""
    return _instant(min(day, _LAST_DAY) + timedelta(days=1), time(), zone)


def local_date(at: datetime, zone: str) -> date:
    """The date in the payer's time zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def _instant(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at.replace(fold=0), ZoneInfo(zone)).astimezone(UTC)
