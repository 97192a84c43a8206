"""Clocks, held against a computation that shares nothing with them: ten thousand dates, every kind of day."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from services.authorization.domain.deadlines import decision_due, due, end_of, extended, local_date
from services.authorization.domain.payers import PayerClock
from tests.unit.authorization.words import PAYER

CASES = 10_000
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "UTC",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def starts(seed: int) -> list[tuple[datetime, str]]:
    """Instants of every kind, half of them around leap days, years' ends and changes of the clock."""
    random = Random(seed)
    found = []
    for _ in range(CASES):
        year = random.randint(2024, 2036)
        special = random.choice([(2, 26), (2, 29 if year % 4 == 0 else 28), (3, 8), (11, 1), (12, 26), (12, 31)])
        month, day = random.choice([special, (random.randint(1, 12), random.randint(1, 28))])
        days = random.randint(-8, 8)
        at = datetime(year, month, day, random.randint(0, 23), random.choice([0, 29, 30, 59]), tzinfo=UTC)
        found.append((at + timedelta(days=days, seconds=random.randint(0, 59)), random.choice(ZONES)))
    return found


def instant_of(wall: datetime, zone: str) -> datetime:
    """When the clocks of a zone first show that; where they skip it, as much later as they skip."""
    offsets = {
        (wall.replace(tzinfo=UTC) + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset()
        for hours in range(-36, 37, 12)
    }
    candidates = [(wall - offset).replace(tzinfo=UTC) for offset in offsets if offset is not None]
    shown = [at for at in candidates if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall]
    return min(shown) if shown else max(candidates)


def days_later(day: date, count: int) -> date:
    """Counted one by one on a calendar on the wall."""
    year, month, number = day.year, day.month, day.day
    for _ in range(count):
        number += 1
        if number > monthrange(year, month)[1]:
            number, month = 1, month + 1
        if month > 12:
            month, year = 1, year + 1
    return date(year, month, number)


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The nth such weekday of a month; -1 is the last."""
    days = [date(year, month, d) for d in range(1, monthrange(year, month)[1] + 1)]
    return [d for d in days if d.weekday() == weekday][n - 1 if n > 0 else n]


@cache
def federal_holidays(year: int) -> set[date]:
    """5 U.S.C. 6103: the days, observed on Friday or Monday when they fall on a weekend."""
    fixed = [date(year, m, d) for m, d in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))] + [date(year + 1, 1, 1)]
    observed = {d - timedelta(days=1) if d.weekday() == 5 else d + timedelta(days=d.weekday() == 6) for d in fixed}
    moving = {nth(year, 1, 0, 3), nth(year, 2, 0, 3), nth(year, 5, 0, -1), nth(year, 9, 0, 1), nth(year, 10, 0, 2)}
    return observed | moving | {nth(year, 11, 3, 4)}


def business_days_later(day: date, count: int) -> date:
    """Counted one by one, skipping what is crossed out."""
    while count:
        day = days_later(day, 1)
        if day.weekday() < 5 and day not in federal_holidays(day.year):
            count -= 1
    return day


class TestDue:
    def test_lets_hours_elapse(self) -> None:
        """72 hours are 259,200 seconds, whatever the clocks on the wall do."""
        wrong = [
            (start, zone)
            for start, zone in starts(seed=1)
            if (due(start.astimezone(ZoneInfo(zone)), PayerClock(count=72, unit="hours"), zone) - EPOCH).total_seconds()
            != (start - EPOCH).total_seconds() + 259_200
        ]

        assert [] == wrong

    @pytest.mark.parametrize(("unit", "count"), [("calendar_days", 7), ("calendar_days", 65), ("business_days", 5)])
    def test_counts_days_where_the_payer_is(self, unit: Literal["calendar_days", "business_days"], count: int) -> None:
        """The same time of day so many days later, across leap days, holidays and changes of the clock."""
        counted = days_later if unit == "calendar_days" else business_days_later
        wrong = []
        for start, zone in starts(seed=2):
            local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            expected = instant_of(datetime.combine(counted(local.date(), count), local.time()), zone)
            if expected != due(start, PayerClock(count=count, unit=unit), zone):
                wrong.append((start, zone))

        assert [] == wrong

    @pytest.mark.parametrize(
        ("start", "days", "expected"),
        [
            ("2026-03-02T10:00-05:00", 7, "2026-03-09T10:00-04:00"),
            ("2026-10-26T10:00-04:00", 7, "2026-11-02T10:00-05:00"),
            ("2028-02-25T10:00-05:00", 7, "2028-03-03T10:00-05:00"),
            ("2027-02-25T10:00-05:00", 7, "2027-03-04T10:00-05:00"),
            ("2026-03-01T02:30-05:00", 7, "2026-03-08T03:30-04:00"),
            ("2026-10-25T01:30-04:00", 7, "2026-11-01T01:30-04:00"),
            ("2026-11-01T01:30-05:00", 7, "2026-11-08T01:30-05:00"),
            ("2027-11-07T01:30-05:00", 364, "2028-11-05T01:30-04:00"),
        ],
        ids=["spring", "autumn", "leap year", "common year", "skipped", "twice", "from the second", "to the first"],
    )
    def test_agrees_with_the_calendar_on_the_wall(self, start: str, days: int, expected: str) -> None:
        """Worked out by hand for New York."""
        clock = PayerClock(count=days, unit="calendar_days")

        assert datetime.fromisoformat(expected) == due(datetime.fromisoformat(start), clock, "America/New_York")

    def test_skips_weekends_and_federal_holidays(self) -> None:
        """From the Thursday before Independence Day, observed on the Friday, to Monday."""
        start = datetime(2026, 7, 2, 15, tzinfo=UTC)

        assert datetime(2026, 7, 6, 15, tzinfo=UTC) == due(start, PayerClock(count=1, unit="business_days"), "UTC")


class TestDecisionDue:
    def test_follows_the_payers_own_clocks(self) -> None:
        """Each payer has its clocks and its zone."""
        slow = PAYER.model_copy(update={"standard": PayerClock(count=15, unit="calendar_days"), "zone": "UTC"})
        received_at = datetime(2026, 3, 2, 15, tzinfo=UTC)

        assert received_at + timedelta(days=15) == decision_due(received_at, "standard", slow)
        assert received_at + timedelta(hours=72) == decision_due(received_at, "expedited", slow)


class TestExtended:
    def test_stays_within_receipt_and_extension(self) -> None:
        """A stated date counts as it is, but for absurd ones."""
        received_at = datetime(2026, 3, 2, tzinfo=UTC)
        ruled = received_at + timedelta(days=7)
        absurd = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))

        assert [ruled, ruled + timedelta(hours=1)] == [
            extended(stated, received_at, ruled) for stated in (None, ruled + timedelta(hours=1))
        ]
        assert [received_at, ruled + timedelta(days=14)] == [extended(day, received_at, ruled) for day in absurd]


class TestEndOf:
    def test_is_midnight_where_the_payer_is(self) -> None:
        """The last day of a window counts to its end, also on the day that has 25 hours."""
        assert datetime(2026, 11, 2, 5, tzinfo=UTC) == end_of(date(2026, 11, 1), "America/New_York")
        assert time(5) == end_of(date.max, "America/New_York").time()


class TestLocalDate:
    def test_is_the_payers_date(self) -> None:
        """Late in the evening it is tomorrow in Greenwich, and still today at the payer."""
        assert date(2026, 3, 1) == local_date(datetime(2026, 3, 2, 4, tzinfo=UTC), "America/New_York")
