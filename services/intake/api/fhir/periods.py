"""Whether something is in use now: FHIR's Period, whose ends count as long as they say (R4 datatypes.html#Period).

"If the end of the period is missing, it means that the period is ongoing"; a day, month or year as an end includes all
of it ("2012-02-03 includes any time on that day"), and as a start it begins with its first instant.
"""

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

_YEAR_ONLY: Final = 4
_DECEMBER: Final = 12


def first_instant(when: Any, home_zone: str) -> datetime | None:
    """The first instant of a FHIR date of any precision. None for a missing date, and for one beyond the calendar."""
    if isinstance(when, datetime):
        return when
    day = _first_day(when)
    return datetime.combine(day, time(), ZoneInfo(home_zone)) if day else None


def end_of(when: Any, home_zone: str) -> datetime | None:
    """When a FHIR date ends: at the instant itself, or with its day, month or year. None for a missing date."""
    if isinstance(when, datetime):
        return when
    day = _first_day(when)
    try:
        next_day = _after(day, when) if day else None
    except (ValueError, OverflowError):
        return None  # 9999-12-31 is how systems write "for ever"
    return datetime.combine(next_day, time(), ZoneInfo(home_zone)) if next_day else None


def has_begun(period: Any, now: datetime, home_zone: str) -> bool:
    """Whether a period has begun. Without a period or a start, it has."""
    start = first_instant(period.start, home_zone) if period else None
    return start is None or start <= now


def has_ended(period: Any, now: datetime, home_zone: str) -> bool:
    """Whether a period is over. Without a period or an end, it is not."""
    end = end_of(period.end, home_zone) if period else None
    return end is not None and end <= now


def is_in_force(period: Any, now: datetime, home_zone: str) -> bool:
    """Whether it is in use now."""
    return has_begun(period, now, home_zone) and not has_ended(period, now, home_zone)


def _first_day(when: Any) -> date | None:
    """Years and months alone are texts in the models of `fhir.resources`."""
    if isinstance(when, date):
        return when
    if not isinstance(when, str):
        return None
    try:
        return date.fromisoformat(f"{when}-01-01" if len(when) == _YEAR_ONLY else f"{when}-01")
    except ValueError:
        return None


def _after(day: date, when: Any) -> date:
    if not isinstance(when, str):
        return day + timedelta(days=1)
    if len(when) == _YEAR_ONLY:
        return day.replace(year=day.year + 1)
    return day.replace(year=day.year + day.month // _DECEMBER, month=day.month % _DECEMBER + 1)
