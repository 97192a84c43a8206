from datetime import UTC, datetime, timedelta, timezone

import pytest

from deploy.simulators.office_hours import full_hour, opening

EASTERN = timezone(timedelta(hours=-5))


class TestOpening:
    @pytest.mark.parametrize(
        ("instant", "expected"),
        [
            ("2026-11-23T09:00:00+00:00", "2026-11-23T09:00:00+00:00"),
            ("2026-11-23T09:00:01+00:00", "2026-11-23T10:00:00+00:00"),
            ("2026-11-23T03:20:00+00:00", "2026-11-23T08:00:00+00:00"),
            ("2026-11-23T17:00:00+00:00", "2026-11-23T17:00:00+00:00"),
            ("2026-11-23T17:00:01+00:00", "2026-11-24T08:00:00+00:00"),
            ("2026-11-27T17:30:00+00:00", "2026-11-30T08:00:00+00:00"),
            ("2026-11-28T11:00:00+00:00", "2026-11-30T08:00:00+00:00"),
        ],
    )
    def test_is_the_next_full_hour_of_a_working_day(self, instant: str, expected: str) -> None:
        """Nobody answers at night, at the weekend, or between the hours."""
        assert opening(datetime.fromisoformat(instant)) == datetime.fromisoformat(expected)

    def test_keeps_the_hours_of_the_zone(self) -> None:
        """At 08:30 UTC an office five hours west is asleep until 13:00 UTC."""
        found = opening(datetime(2026, 11, 23, 8, 30, tzinfo=UTC), EASTERN)

        assert found == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
        assert found.tzinfo is UTC


class TestFullHour:
    def test_keeps_no_office_hours(self) -> None:
        """What cannot wait is answered at night too."""
        assert full_hour(datetime(2026, 11, 29, 2, 10, tzinfo=UTC)) == datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
