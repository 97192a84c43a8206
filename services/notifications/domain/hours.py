"""When a patient may be written to: wall clocks of named zones, as pure functions.

Every instant that goes in or comes out is aware; what comes out is UTC.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo, available_timezones

OPENS, CLOSES = time(8), time(21)
"""Nobody is called or texted outside these hours of their own clock (47 CFR 64.1200(c)(1))."""
FALLBACK_ZONE = "America/New_York"
SPREAD_S = 30 * 60
"""Messages that waited for the morning are spread over this time, so that gateways are not flooded at 08:00."""

_HALF_A_YEAR = timedelta(days=182)
_LOOK_AHEAD = 3
"""Days: today may be over, and tomorrow may have an hour too few where clocks change."""

_ZONES = frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The IANA zone of this name; for a name that is none, the zone that most of our patients live in."""
    return name if name in _ZONES else FALLBACK_ZONE


def is_lawful(at: datetime, zones: str | Sequence[str]) -> bool:
    """Whether a patient of this zone, or of one of these and nobody knows which, may be written to now."""
    return all(OPENS <= at.astimezone(ZoneInfo(zone)).time() < CLOSES for zone in _all(zones))


def have_lawful_hours(zones: Sequence[str], at: datetime) -> bool:
    """Whether there is an hour that is lawful in all of these zones, now and when clocks have changed.

    Of Honolulu, London and Guam together there is none.
    """
    return all(_next_opening(season, zones) is not None for season in (at, at + _HALF_A_YEAR))


def next_lawful(at: datetime, zones: str | Sequence[str], spread: timedelta) -> datetime:
    """`at` itself in lawful hours, else when they begin next in all zones, plus `spread` where that still is lawful.

    Raises ValueError where no hour is lawful in all of them.
    """
    if is_lawful(at, zones):
        return at.astimezone(UTC)
    opening = _next_opening(at, _all(zones))
    if opening is None:
        raise ValueError("No hour is lawful in all of these zones.")
    return opening + spread if is_lawful(opening + spread, zones) else opening


def _next_opening(at: datetime, zones: Sequence[str]) -> datetime | None:
    """The first 08:00 of any of the zones, from now on, at which it is lawful in all."""
    clocks = [ZoneInfo(zone) for zone in zones]
    days = [(at.astimezone(clock).date() + timedelta(days=n), clock) for clock in clocks for n in range(_LOOK_AHEAD)]
    openings = (datetime.combine(day, OPENS, clock).astimezone(UTC) for day, clock in days)
    return min((opening for opening in openings if opening >= at and is_lawful(opening, zones)), default=None)


def _all(zones: str | Sequence[str]) -> Sequence[str]:
    return (zones,) if isinstance(zones, str) else zones


def spread_of(referral_id: str) -> timedelta:
    """A referral's place in the morning's half hour: always the same, and even over many."""
    return timedelta(seconds=int.from_bytes(sha256(referral_id.encode()).digest()[:4]) % SPREAD_S)


def days_before(start: datetime, days: int, zone: str) -> datetime:
    """The same wall clock, so many calendar days earlier in the zone: across a DST change not a multiple of 24 h."""
    local = start.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() - timedelta(days=days), local.time(), local.tzinfo).astimezone(UTC)
