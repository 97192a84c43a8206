"""What both sides of a booking rest on: which days are claimed, and whether an attempt lives."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scheduling import domain as d
from tests.unit.scheduling.placing import (
    BOOKED,
    CLAIMING,
    ENDED,
    HOUR,
    ORDER,
    REASON,
    SEARCHING,
    book,
    held,
    outcome,
    placed,
    refused,
    say,
)


class TestDaysOf:
    def test_are_claimed_in_one_order_and_by_utc_dates(self) -> None:
        """An evening in Honolulu is the next day in UTC; over midnight there are two days of each resource."""
        late = datetime(2026, 2, 3, 23, 30, tzinfo=UTC)
        slot = d.Slot("pr-1", "st-1", "rm-1", late, late + HOUR, date(2026, 2, 3))

        assert d.days_of(ORDER, slot) == tuple(
            f"demo-day-{ref}-2026-02-0{n}" for ref in ("pt-1", "pr-1", "rm-1") for n in (3, 4)
        )

    def test_leave_out_a_day_on_which_it_only_ends(self) -> None:
        """Until midnight is not after midnight."""
        late = datetime(2026, 2, 3, 23, tzinfo=UTC)

        assert (date(2026, 2, 3),) == d.dates_between(late, late + HOUR)


class TestLifeOf:
    @pytest.mark.parametrize(
        ("history", "life"),
        [
            (SEARCHING, "trying"),  # not heard of yet: only what is certain removes a claim
            (CLAIMING, "trying"),
            (BOOKED, "booked"),
            ([*BOOKED, outcome("missed")], "booked"),
            ([*BOOKED, outcome("fulfilled")], "booked"),
            ([*BOOKED, book()], "booked"),
            ([*BOOKED, book(), held(2)], "dead"),
            ([*BOOKED, ENDED], "dead"),
            ([*BOOKED, say(d.CancelVisit, visit_id="visit-1", reason=REASON)], "dead"),
            ([*CLAIMING, refused()], "dead"),
        ],
    )
    def test_is_the_placements_word(self, history: list[Any], life: str) -> None:
        """Only what is booked keeps a claim for ever, only what is dead loses it."""
        assert d.life_of(placed(*history), 1) == life
