"""Which times are openings: by the site's clock, through every change of it, and minus what is claimed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling import domain as d
from services.scheduling.domain.calendar import overlaps
from services.scheduling.domain.openings import MOST_OFFERED, SOON
from tests.unit.scheduling.placing import (
    APPROVED,
    DAY,
    HOUR,
    NOT_REQUIRED,
    ORDER,
    TUESDAY,
    item,
    ordered,
    placed,
    say,
)

ZONES = ["America/New_York", "America/Los_Angeles", "America/Phoenix"]
GAPS = {"America/New_York": date(2026, 3, 8), "America/Los_Angeles": date(2026, 3, 8)}
DOUBLED = {"America/New_York": date(2026, 11, 1), "America/Los_Angeles": date(2026, 11, 1)}


def site(zone: str = "America/New_York") -> d.Site:
    """An invented site."""
    return d.Site(site_ref="st-1", name="Sample Site", address="1 Example Way", phone="+12025550100", timezone=zone)


def provider(opens: str = "09:00", closes: str = "12:00", minutes: int = 30, days: Any = range(1, 8)) -> d.Provider:
    """An invented provider with one session."""
    session = d.ClinicSession(
        weekdays=frozenset(days), opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
    )
    return d.Provider(
        provider_ref="pr-house",
        name="Dr. Invented",
        site_ref="st-1",
        room_ref="rm-1",
        is_in_house=True,
        pathways=("pw-1",),
        visit_minutes=minutes,
        sessions=(session,),
    )


def through(first: date, days: int) -> d.Frame:
    """A frame of so many days from a date on."""
    start = datetime(first.year, first.month, first.day, 12, tzinfo=UTC) - DAY
    return d.Frame(start, start + (days + 1) * DAY)


READY = placed(*ordered(), NOT_REQUIRED)
ANY = READY.leave


def find_openings(
    provider: d.Provider, site: d.Site, order: d.Order, leave: d.Clearance, frame: d.Frame, busy: Sequence[d.Interval]
) -> tuple[d.Slot, ...]:
    """What is offered, of what is free."""
    return d.best_of(d.free_slots(provider, site, leave, frame, busy), order)


class TestSlots:
    @pytest.mark.parametrize("zone", ZONES)
    def test_show_the_opening_hours_on_the_wall_all_year(self, zone: str) -> None:
        """Nine is nine in summer and in winter."""
        found = list(d.slots(provider(), site(zone), through(date(2026, 1, 1), 365)))
        walls = {slot.starts_at.astimezone(ZoneInfo(zone)).time() for slot in found}

        assert walls == {time(h, m) for h in (9, 10, 11) for m in (0, 30)}
        assert all(slot.on == slot.starts_at.astimezone(ZoneInfo(zone)).date() for slot in found)

    @pytest.mark.parametrize("zone", ZONES)
    def test_skip_what_does_not_exist_and_mean_the_first_of_what_occurs_twice(self, zone: str) -> None:
        """A night session, on every night of a year: four hours, but three when an hour is missing."""
        night = provider("00:00", "04:00", 60)
        for number in range(364):
            day = date(2026, 1, 2) + number * DAY
            found = [slot for slot in d.slots(night, site(zone), through(day, 1)) if slot.on == day]
            hours = [slot.starts_at.astimezone(ZoneInfo(zone)).hour for slot in found]
            is_open = day not in _holidays()
            expected = [0, 1, 3] if GAPS.get(zone) == day else [0, 1, 2, 3]
            assert hours == (expected if is_open else [])

    @pytest.mark.parametrize("zone", ZONES)
    def test_never_overlap(self, zone: str) -> None:
        """Not even in the night in which an hour occurs twice."""
        found = list(d.slots(provider("00:00", "23:00", 40), site(zone), through(date(2026, 1, 1), 365)))

        assert all(one.ends_at <= other.starts_at for one, other in pairwise(found))

    @pytest.mark.parametrize("zone", ["America/New_York", "America/Los_Angeles"])
    def test_classify_wall_times(self, zone: str) -> None:
        """Half past two does not exist in March; half past one is daylight time in November."""
        first = d.local_instant(DOUBLED[zone], time(1, 30), ZoneInfo(zone))

        assert d.local_instant(GAPS[zone], time(2, 30), ZoneInfo(zone)) is None
        assert first is not None
        assert HOUR == first.astimezone(ZoneInfo(zone)).dst()

    def test_keep_federal_holidays(self) -> None:
        """Nobody is at the site on Thanksgiving."""
        found = d.slots(provider(), site(), through(date(2026, 11, 26), 2))

        assert {date(2026, 11, 25), date(2026, 11, 27)} == {slot.on for slot in found}

    def test_end_before_the_session_does(self) -> None:
        """An hour and a half holds two visits of forty minutes, and ten minutes of rest."""
        found = d.slots(provider("09:00", "10:30", 40), site("America/Phoenix"), through(date(2026, 2, 3), 1))

        assert {
            time(9),
            time(9, 40),
        } == {slot.starts_at.astimezone(ZoneInfo("America/Phoenix")).time() for slot in found}


class TestFindOpenings:
    def test_leaves_out_what_is_claimed(self) -> None:
        """Whoever claimed it has it."""
        frame = d.frame_of(READY, ORDER, TUESDAY)
        busy = [(frame.earliest, frame.latest - DAY)]
        found = find_openings(provider(), site(), ORDER, ANY, frame, busy)

        assert found
        assert all(slot.starts_at >= frame.latest - DAY for slot in found)

    @given(st.lists(st.tuples(st.integers(0, 16 * 12), st.integers(1, 40)), max_size=12))
    def test_leaves_out_exactly_what_meets_a_claim(self, claims: list[tuple[int, int]]) -> None:
        """Reservations of patient, practitioner and room may overlap and touch.

        Each begins so many twelfths of an hour after eight, and lasts so many.
        """
        frame, eight = through(date(2026, 2, 3), 1), datetime(2026, 2, 3, 13, tzinfo=UTC)
        busy = [(eight + at * HOUR / 12, eight + (at + length) * HOUR / 12) for at, length in claims]
        free = list(d.free_slots(provider("08:00", "20:00"), site(), ANY, frame, busy))

        slots = d.slots(provider("08:00", "20:00"), site(), frame)
        assert free == [slot for slot in slots if not overlaps(slot.starts_at, slot.ends_at, busy)]

    def test_stays_within_what_was_certified(self) -> None:
        """Dates of the window, as the site's calendar has them."""
        state = placed(*ordered(), say(d.RecordApproval, items=(item(first=10, last=11),)))
        found = find_openings(provider(), site(), ORDER, state.leave, d.frame_of(state, ORDER, TUESDAY), [])

        assert {slot.on for slot in found} <= {TUESDAY.date() + 10 * DAY, TUESDAY.date() + 11 * DAY}

    def test_finds_none_outside_the_window(self) -> None:
        """A window that has passed before the earliest start allows nothing."""
        state = placed(*ordered(), say(d.RecordApproval, items=(item(first=0, last=1),)))

        assert () == find_openings(provider(), site(), ORDER, state.leave, d.frame_of(state, ORDER, TUESDAY), [])

    @pytest.mark.parametrize("needed_in", [5 * DAY, -30 * DAY])
    def test_prefers_what_is_in_time_else_takes_what_there_is(self, needed_in: timedelta) -> None:
        """Late is better than never."""
        order = replace(ORDER, needed_by=TUESDAY + needed_in)
        found = find_openings(provider(), site(), order, ANY, d.frame_of(READY, order, TUESDAY), [])

        assert MOST_OFFERED == len(found)
        assert all(slot.ends_at <= order.needed_by for slot in found) == (needed_in > DAY)

    def test_never_goes_beyond_the_orders_end(self) -> None:
        """An order that expires tomorrow is not booked for next week."""
        order = replace(ORDER, order_expires_at=TUESDAY + DAY)

        assert () == find_openings(provider(), site(), order, ANY, d.frame_of(READY, order, TUESDAY), [])

    def test_gives_who_is_in_a_hurry_the_next_times(self) -> None:
        """The five next, for STAT."""
        order = replace(ORDER, priority="stat")
        frame = d.frame_of(READY, order, TUESDAY)
        soonest = list(d.slots(provider(), site(), frame))[: SOON["stat"]]

        assert set(find_openings(provider(), site(), order, ANY, frame, [])) == set(soonest)

    @given(days=st.integers(-2, 60), length=st.integers(1, 30), zone=st.sampled_from(ZONES))
    def test_misses_nothing_between_the_parts_that_are_read(self, days: int, length: int, zone: str) -> None:
        """A frame is searched piece by piece: together they are the frame."""
        frame = d.Frame(TUESDAY, TUESDAY + days * DAY)
        parts = [slot for part in frame.parts(length * DAY) for slot in d.slots(provider(), site(zone), part)]

        assert list(d.slots(provider(), site(zone), frame)) == parts

    def test_spreads_referrals(self) -> None:
        """Twenty who come at once do not all want the same time."""
        frame = d.frame_of(READY, ORDER, TUESDAY)
        orders = [replace(ORDER, referral_id=f"demo-{n}") for n in range(20)]
        firsts = [find_openings(provider(), site(), order, ANY, frame, [])[0] for order in orders]

        assert len({slot.starts_at for slot in firsts}) > 10

    @given(
        taken=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 40)), max_size=30),
        priority=st.sampled_from(["stat", "urgent", "asap", "routine"]),
        zone=st.sampled_from(ZONES),
        minutes=st.integers(5, 90),
    )
    def test_offers_only_what_is_open_free_and_ahead(
        self, taken: list[tuple[int, int]], priority: Any, zone: str, minutes: int
    ) -> None:
        """Whatever the calendar holds."""
        order = replace(ORDER, priority=priority)
        leave = placed(APPROVED).leave
        frame = d.frame_of(READY, order, TUESDAY)
        busy = [(TUESDAY + start * HOUR, TUESDAY + (start + length) * HOUR) for start, length in taken]
        for slot in find_openings(provider(minutes=minutes), site(zone), order, leave, frame, busy):
            wall = slot.starts_at.astimezone(ZoneInfo(zone))
            assert frame.earliest <= slot.starts_at <= frame.latest
            assert time(9) <= wall.time() < time(12)
            assert leave.covers(slot)
            assert not any(slot.starts_at < end and start < slot.ends_at for start, end in busy)


def _holidays() -> set[date]:
    """Federal holidays of 2026, as they are kept on weekdays."""
    days = ["01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"]
    return {date.fromisoformat(f"2026-{day}") for day in days}
