"""Business days: Monday to Friday without US federal holidays. Pure; how many there are is each domain's rule."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

OFFICE_ZONE: Final = "America/New_York"
"""Where the day of the week is read: a UTC day would end in the American afternoon."""
SATURDAY: Final = 5


def is_business_day(day: date) -> bool:
    """Whether offices work on this day (holidays as kept by 5 U.S.C. 6103)."""
    return day.weekday() < SATURDAY and day not in _federal_holidays(day.year)


def business_day_after(day: date, count: int) -> date:
    """The `count`th business day after a day."""
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day)
    return day


def after_business_days(start: datetime, count: int, zone: str = OFFICE_ZONE) -> datetime:
    """The same wall clock in the zone on the `count`th business day after `start`, as an instant in UTC.

    A wall clock that the change to daylight saving time skips is an hour later; of one that comes twice it is the
    first.
    """
    local = start.astimezone(ZoneInfo(zone))
    day = business_day_after(local.date(), count)
    return datetime.combine(day, local.time().replace(fold=0), ZoneInfo(zone)).astimezone(UTC)


@cache
def _federal_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("US", years=year))
