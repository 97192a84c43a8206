"""Which times are free at a provider's: opening hours by the site's clock, minus what the calendar holds.

Pure: the calendar's intervals are handed in. A wall time that does not exist (the clocks go forward) is no opening;
one that occurs twice (they go back) means its first occurrence.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from zoneinfo import ZoneInfo

from services.scheduling.domain.deadlines import earliest_start
from services.scheduling.domain.directory import ClinicSession, Provider, Site
from services.scheduling.domain.state import Clearance, Order, Placement, Slot
from shared.business_days import SATURDAY, is_business_day
from shared.contracts.language import Priority

MOST_OFFERED = 5
LOOK_AHEAD = timedelta(days=28)
LONGEST_LOOK_AHEAD = timedelta(days=90)
SOON: Mapping[Priority, int] = {"stat": 5, "asap": 10, "urgent": 15, "routine": 60}
"""One of so many next free times is picked. The urgent get the first; the others are spread, so that few collide."""

Interval = tuple[datetime, datetime]
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """The period in which a visit may start."""

    earliest: datetime
    latest: datetime

    def parts(self, length: timedelta) -> Iterator["Frame"]:
        """The frame in consecutive pieces, each at most so long; none where it ends before it begins."""
        start = self.earliest
        while start <= self.latest:
            yield Frame(start, min(start + length - _INSTANT, self.latest))
            start += length


def frame_of(state: Placement, order: Order, at: datetime) -> Frame:
    """From the earliest start to the needed-by time, or some weeks on; never beyond the order's own end."""
    earliest = earliest_start(state, order.priority, at)
    latest = max(order.needed_by, earliest + LOOK_AHEAD)
    return Frame(earliest, min(latest, earliest + LONGEST_LOOK_AHEAD, order.order_expires_at))


def free_slots(
    provider: Provider, site: Site, leave: Clearance, frame: Frame, busy: Sequence[Interval]
) -> Iterator[Slot]:
    """Every slot within the frame that is open, allowed and not reserved, in order of time."""
    ahead = deque(sorted(busy))
    for slot in slots(provider, site, frame):
        while ahead and ahead[0][1] <= slot.starts_at:
            ahead.popleft()
        is_claimed = ahead and ahead[0][0] < slot.ends_at
        if not is_claimed and leave.covers(slot):
            yield slot


def best_of(free: Iterable[Slot], order: Order) -> tuple[Slot, ...]:
    """Up to five of the free slots, which come in order of time, best first.

    They are of the next ones, before the order's needed-by if any is; among these each referral prefers others.
    """
    soon = list(islice(free, SOON[order.priority]))
    in_time = [slot for slot in soon if slot.ends_at <= order.needed_by] or soon
    return tuple(sorted(in_time, key=lambda slot: _preference(order.referral_id, slot))[:MOST_OFFERED])


def slots(provider: Provider, site: Site, frame: Frame) -> Iterator[Slot]:
    """Every slot that starts within the frame, in order of time, by opening hours; none on a holiday."""
    day, last = (instant.astimezone(site.zone).date() for instant in (frame.earliest, frame.latest))
    length = timedelta(minutes=provider.visit_minutes)
    while day <= last:
        for instant in starts_on(provider.sessions, length, site.timezone, day):
            if frame.earliest <= instant <= frame.latest:
                yield Slot(provider.provider_ref, site.site_ref, provider.room_ref, instant, instant + length, day)
        day += timedelta(days=1)


@lru_cache(maxsize=20_000)  # providers share opening hours, and each search asks for a fortnight of days
def starts_on(sessions: tuple[ClinicSession, ...], length: timedelta, timezone: str, day: date) -> tuple[datetime, ...]:
    """The instants (UTC) at which visits of this length may start on a day of that zone; none on a holiday."""
    if day.weekday() < SATURDAY and not is_business_day(day):
        return ()
    zone = ZoneInfo(timezone)
    instants = (local_instant(day, start, zone) for start in _starts(sessions, length, day))
    return tuple(instant for instant in instants if instant)


def slot_at(provider: Provider, site: Site, starts_at: datetime) -> Slot:
    """The slot that begins at the instant, whether or not it is open."""
    starts_at = starts_at.astimezone(UTC)
    ends_at = starts_at + timedelta(minutes=provider.visit_minutes)
    on = starts_at.astimezone(site.zone).date()
    return Slot(provider.provider_ref, site.site_ref, provider.room_ref, starts_at, ends_at, on)


def local_instant(day: date, wall: time, zone: ZoneInfo) -> datetime | None:
    """The instant at which the wall clock shows this time; None on a day on which it never does."""
    instant = datetime.combine(day, wall, zone).astimezone(UTC)
    shown = instant.astimezone(zone)
    return instant if (shown.date(), shown.time()) == (day, wall) else None


def _starts(sessions: tuple[ClinicSession, ...], length: timedelta, day: date) -> Iterator[time]:
    """Wall times at which a visit may begin and end within its session."""
    for session in sorted(sessions, key=lambda s: s.opens):
        if day.isoweekday() in session.weekdays:
            start, closes = datetime.combine(day, session.opens), datetime.combine(day, session.closes)
            while start + length <= closes:
                yield start.time()
                start += length


def _preference(referral_id: str, slot: Slot) -> bytes:
    return sha256(f"{referral_id}/{slot.starts_at.isoformat()}".encode()).digest()
