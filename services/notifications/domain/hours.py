"""When a patient may be written to: wall clocks of named zones, as pure functions.

Every instant that goes in or comes out is aware; what comes out is UTC.
"""

from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo, available_timezones

OPENS, CLOSES = time(8), time(21)
"""Nobody is called or texted outside these hours of their own clock (47 CFR 64.1200(c)(1))."""
FALLBACK_ZONE = "America/New_York"
SPREAD_S = 30 * 60
"""What waited for the morning goes out over this long, so that gateways are not stormed at 08:00."""

_ZONES = frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The IANA zone of this name; for a name that is none, the zone that most of our patients live in."""
    return name if name in _ZONES else FALLBACK_ZONE


def is_lawful(at: datetime, zone: str) -> bool:
    """Whether a patient of this zone may be written to now."""
    return OPENS <= at.astimezone(ZoneInfo(zone)).time() < CLOSES


def next_lawful(at: datetime, zone: str, spread: timedelta) -> datetime:
    """`at` itself in lawful hours, else the next 08:00 of the zone plus `spread`."""
    if is_lawful(at, zone):
        return at.astimezone(UTC)
    local = at.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=local.time() >= CLOSES)
    return datetime.combine(day, OPENS, ZoneInfo(zone)).astimezone(UTC) + spread


def spread_of(referral_id: str) -> timedelta:
    """A referral's place in the morning's half hour: always the same, and even over many."""
    return timedelta(seconds=int.from_bytes(sha256(referral_id.encode()).digest()[:4]) % SPREAD_S)


def days_before(start: datetime, days: int, zone: str) -> datetime:
    """The same wall clock, so many calendar days earlier in the zone: across a DST change not a multiple of 24 h."""
    local = start.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() - timedelta(days=days), local.time(), local.tzinfo).astimezone(UTC)
