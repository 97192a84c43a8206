"""Business days across weekends, holidays and the change of clocks."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.business_days import after_business_days, business_day_after, is_business_day


class TestIsBusinessDay:
    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            (date(2026, 11, 25), True),
            (date(2026, 11, 26), False),  # Thanksgiving
            (date(2026, 7, 3), False),  # Independence Day falls on a Saturday and is kept on Friday
            (date(2026, 11, 28), False),  # Saturday
        ],
    )
    def test_knows_weekends_and_federal_holidays(self, day: date, expected: bool) -> None:
        """Offices are closed on both."""
        assert expected == is_business_day(day)


class TestAfterBusinessDays:
    def test_skips_thanksgiving_and_the_weekend(self) -> None:
        """Two business days after the Wednesday before Thanksgiving is the Monday after it."""
        wednesday = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)

        assert datetime(2026, 11, 30, 15, 0, tzinfo=UTC) == after_business_days(wednesday, 2)

    def test_keeps_the_wall_clock_when_the_clocks_change(self) -> None:
        """Friday 09:00 before the change, Monday 09:00 after it: 71 hours."""
        friday = datetime(2026, 3, 6, 14, 0, tzinfo=UTC)

        assert friday + timedelta(hours=71) == after_business_days(friday, 1)

    def test_moves_a_wall_clock_that_does_not_exist(self) -> None:
        """02:30 on the day of the change is 03:30."""
        assert datetime(2027, 3, 15, 6, 30, tzinfo=UTC) == after_business_days(
            datetime(2027, 3, 12, 7, 30, tzinfo=UTC), 1
        )

    @given(st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.integers(1, 9))  # noqa: DTZ001 - Hypothesis wants naive bounds
    def test_counts_every_business_day_between(self, start: datetime, count: int) -> None:
        """Between start and end lie exactly so many business days, and the last of them is the end."""
        first = start.date()
        last = business_day_after(first, count)
        between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]

        assert (count, True) == (sum(map(is_business_day, between)), is_business_day(last))
