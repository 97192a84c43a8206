from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st

from services.notifications.domain.hours import (
    FALLBACK_ZONE,
    SPREAD_S,
    days_before,
    have_lawful_hours,
    is_lawful,
    known_zone,
    next_lawful,
    spread_of,
)

US_ZONES = sorted({zone for zone in available_timezones() if zone.startswith("America/")} | {"Pacific/Honolulu"})
NO_SPREAD = timedelta()
MINUTE = timedelta(minutes=1)

zones = st.sampled_from(US_ZONES)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy wants naive bounds
SPRING_GAP = datetime(2027, 3, 14, 7, tzinfo=UTC)
AUTUMN_TWICE = datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def wall_hour(at: datetime, zone: str) -> int:
    """The hour on the zone's wall, by adding the offset by hand rather than by converting."""
    offset = ZoneInfo(zone).utcoffset(at.astimezone(ZoneInfo(zone)))
    assert offset is not None
    return (at.replace(tzinfo=None) + offset).hour


def first_lawful_minute(at: datetime, zone: str) -> datetime:
    """Found by looking at the wall clock minute after minute."""
    if 8 <= wall_hour(at, zone) < 21:
        return at
    at = at.replace(second=0, microsecond=0)
    while not 8 <= wall_hour(at, zone) < 21:
        at += MINUTE
    return at


class TestNextLawful:
    @for_all(instants, zones)
    @example(SPRING_GAP, "America/New_York")
    @example(AUTUMN_TWICE, "America/New_York")
    @example(SPRING_GAP, "America/Denver")
    @example(datetime(2027, 3, 14, 4, tzinfo=UTC), "America/Havana")
    def test_is_the_first_minute_whose_wall_clock_reads_eight_to_nine_at_night(self, at: datetime, zone: str) -> None:
        """Whatever the zone and the time of year, the patient's own clock decides."""
        assert next_lawful(at, zone, NO_SPREAD) == first_lawful_minute(at, zone)

    @pytest.mark.parametrize("zone", US_ZONES)
    def test_holds_in_each_zone_around_each_change_of_its_clocks(self, zone: str) -> None:
        """In the hour that is missing and in the hour that comes twice nobody is woken."""
        changes = [day for day in days_of(2027) if offset_at(day, zone) != offset_at(day + timedelta(days=1), zone)]
        for day in changes or [datetime(2027, 7, 1, tzinfo=UTC)]:
            for minutes in range(0, 36 * 60, 29):
                at = day + timedelta(minutes=minutes)
                assert next_lawful(at, zone, NO_SPREAD) == first_lawful_minute(at, zone)

    @for_all(instants, zones, st.integers(0, SPREAD_S - 1))
    def test_is_lawful_and_never_in_the_past(self, at: datetime, zone: str, spread_s: int) -> None:
        """Spreading the morning's messages keeps them within the morning."""
        found = next_lawful(at, zone, timedelta(seconds=spread_s))
        assert found >= at
        assert is_lawful(found, zone)

    @for_all(instants, st.lists(zones, min_size=2, max_size=5, unique=True), st.integers(0, SPREAD_S - 1))
    def test_is_lawful_in_all_zones_that_may_be_the_patients(
        self, at: datetime, possible: list[str], spread_s: int
    ) -> None:
        """Who may be in Boise or in Portland is not woken in either."""
        if not have_lawful_hours(possible, at):
            return

        found = next_lawful(at, possible, timedelta(seconds=spread_s))

        assert found >= at
        assert all(8 <= wall_hour(found, zone) < 21 for zone in possible)

    @pytest.mark.parametrize(
        ("possible", "expected"),
        [
            (("America/New_York", "America/Los_Angeles"), datetime(2027, 1, 11, 16, tzinfo=UTC)),
            (("America/Chicago", "America/Denver"), datetime(2027, 1, 11, 15, tzinfo=UTC)),
            (("Pacific/Guam", "Europe/London", "Pacific/Honolulu"), None),
        ],
    )
    def test_opens_when_the_last_of_the_zones_does(self, possible: tuple[str, ...], expected: datetime | None) -> None:
        """At eight in the west; where the day of one is the night of another, never."""
        night = datetime(2027, 1, 11, 8, tzinfo=UTC)

        assert have_lawful_hours(possible, night) is (expected is not None)
        if expected:
            assert expected == next_lawful(night, possible, NO_SPREAD)

    @pytest.mark.parametrize(
        ("clock", "expected"), [(time(7, 59, 59), False), (time(8), True), (time(20, 59, 59), True), (time(21), False)]
    )
    def test_opens_at_eight_and_closes_at_nine(self, clock: time, *, expected: bool) -> None:
        """The first moment counts, the last does not."""
        assert (
            is_lawful(datetime.combine(date(2027, 7, 1), clock, ZoneInfo("America/Chicago")), "America/Chicago")
            is expected
        )


class TestSpreadOf:
    def test_is_within_half_an_hour_even_and_always_the_same(self) -> None:
        """What waited for the morning does not all go out at once."""
        spreads = [spread_of(f"demo-{n:026}").total_seconds() for n in range(2000)]
        assert all(0 <= spread < SPREAD_S for spread in spreads)
        quarters = [sum(quarter * 450 <= spread < (quarter + 1) * 450 for spread in spreads) for quarter in range(4)]
        assert min(quarters) > 400
        assert spread_of("demo-a") == spread_of("demo-a")


class TestDaysBefore:
    @for_all(instants, zones, st.sampled_from([1, 3]))
    def test_keeps_the_wall_clock_unless_that_hour_is_missing(self, start: datetime, zone: str, days: int) -> None:
        """A reminder comes at the hour of the visit, also across a change of the clocks."""
        local = start.astimezone(ZoneInfo(zone))
        found = days_before(start, days, zone).astimezone(ZoneInfo(zone))
        expected = datetime.combine(local.date() - timedelta(days=days), local.time(), ZoneInfo(zone))
        shift = found.replace(tzinfo=None) - expected.replace(tzinfo=None)
        assert shift in (timedelta(), timedelta(minutes=30), timedelta(hours=1))
        assert shift == timedelta() or not exists(expected)

    def test_counts_calendar_days_not_hours(self) -> None:
        """The day before a visit after the change to summer time is 23 hours before it."""
        start = datetime(2027, 3, 14, 15, tzinfo=ZoneInfo("America/New_York"))
        assert start.astimezone(UTC) - days_before(start, 1, "America/New_York") == timedelta(hours=23)


class TestKnownZone:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("America/Boise", "America/Boise"),
            ("Mars/Olympus", FALLBACK_ZONE),
            ("", FALLBACK_ZONE),
            ("../etc", FALLBACK_ZONE),
        ],
    )
    def test_falls_back_for_a_name_that_is_no_zone(self, name: str, expected: str) -> None:
        """A bad name from outside must not stop a referral."""
        assert known_zone(name) == expected


def days_of(year: int) -> list[datetime]:
    """Midnights, UTC."""
    return [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(364)]


def offset_at(at: datetime, zone: str) -> timedelta | None:
    """How far the zone is from UTC."""
    return at.astimezone(ZoneInfo(zone)).utcoffset()


def exists(wall: datetime) -> bool:
    """Whether a wall clock ever shows this."""
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None)
