"""Who must do what by when, and from when on a visit may be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.scheduling import domain as d
from shared.contracts.language import Effect, Priority
from shared.contracts.scheduling import VisitBooked
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    ASKED,
    BOOKED,
    CLAIMING,
    DAY,
    ENDED,
    HOUR,
    NOT_REQUIRED,
    ORDER,
    REASON,
    REFERRAL,
    SEARCHING,
    SOMEBODY,
    TUESDAY,
    answer,
    held,
    offered,
    ordered,
    outcome,
    placed,
    say,
    slot,
    tick,
)

MISSED_AGAIN = outcome("missed", 2, TUESDAY + 15 * DAY)

PRIORITIES: tuple[Priority, ...] = ("routine", "urgent", "asap", "stat")


def step_of(*history: Any) -> tuple[str, str, Any] | None:
    """Who must do what by when."""
    step = only(d.tasks(placed(*history)))
    return (step.act, step.owner, step.due_at) if step else None


class TestNextStep:
    def test_is_the_offices_while_it_is_asked(self) -> None:
        """The office, in its own queue."""
        assert ("answer_specialist_request", "specialist", TUESDAY + 2 * DAY) == step_of(*ASKED)

    @pytest.mark.parametrize("history", [SEARCHING, CLAIMING])
    def test_is_the_systems_while_it_books(self, history: list[Any]) -> None:
        """A quarter of an hour is plenty for a program."""
        assert ("book_visit", "system", TUESDAY + HOUR / 4) == step_of(*history)

    def test_does_not_change_while_it_books(self) -> None:
        """However many attempts it takes, they have one due time: only a change of steps is news."""
        later = TUESDAY + HOUR / 60
        history = [*SEARCHING, offered(slot(7), at=later), say(d.RecordReservationRefused, later, attempt=1)]

        assert step_of(*history) == step_of(*SEARCHING)

    def test_is_the_patients_until_the_visit_is_over(self) -> None:
        """To attend, until its end."""
        assert ("attend_visit", "patient", TUESDAY + 7 * DAY + HOUR / 2) == step_of(*BOOKED)

    @pytest.mark.parametrize("history", [[], ordered()[:1], ordered(), [*ASKED, answer()], [NOT_REQUIRED]])
    def test_is_nobodys_here_while_another_service_has_it(self, history: list[Any]) -> None:
        """Incomplete is intake's, waiting for leave is the authorization's."""
        assert step_of(*history) is None


class TestOwed:
    def test_is_nothing_before_the_order_is_known(self) -> None:
        """Clearance may come first; nobody is asked on its strength."""
        assert [] == d.wanted_effects(placed(NOT_REQUIRED))

    def test_is_what_is_under_way(self) -> None:
        """One search or one claim, for the provider whose calendar it is."""
        assert [Effect(kind="search", revision=1, target="pr-house", urgency=3)] == d.wanted_effects(placed(*SEARCHING))
        assert [Effect(kind="claim", revision=1, target="pr-house", urgency=3)] == d.wanted_effects(placed(*CLAIMING))

    def test_goes_by_priority(self) -> None:
        """FHIR's request-priority puts asap above urgent."""
        found = {p: d.wanted_effects(placed(*ordered(priority=p), NOT_REQUIRED)) for p in PRIORITIES}

        assert ["stat", "asap", "urgent", "routine"] == sorted(PRIORITIES, key=lambda p: found[p][0].urgency)


class TestEvolve:
    def test_is_total(self) -> None:
        """What has happened is never refused, from whatever state: a visit without an attempt changes nothing."""
        told: dict[str, Any] = {
            "occurred_at": TUESDAY,
            "recorded_by": SOMEBODY,
            "channel": "api",
            "referral_id": REFERRAL,
        }
        visit: dict[str, Any] = {
            "visit_id": "visit-1",
            "booked_by": "own",
            "provider_ref": "pr-x",
            "site_ref": "st-x",
            "seals": {},
        }

        assert d.INITIAL == d.evolve(d.INITIAL, VisitBooked(**told, **visit))


class TestSituation:
    @pytest.mark.parametrize(
        ("history", "status"),
        [
            (ordered()[:1], "waiting_for_information"),
            ([*ASKED, answer(accepted=False), answer(2, accepted=False)], "choosing"),
            (ASKED, "asked"),
            ([*ASKED, answer()], "waiting_for_authorization"),
            (SEARCHING, "searching"),
            (CLAIMING, "claiming"),
            ([*SEARCHING, offered()], "no_capacity"),
            (BOOKED, "booked"),
            ([*BOOKED, tick(TUESDAY + 8 * DAY)], "outcome_due"),
            ([*BOOKED, outcome("missed"), offered(slot(14), search=2), held(2), MISSED_AGAIN], "missed"),
            ([*BOOKED, outcome("fulfilled")], "fulfilled"),
            ([*BOOKED, ENDED], "ended"),
        ],
    )
    def test_is_one_word(self, history: list[Any], status: str) -> None:
        """Where it stands, for people."""
        assert d.status(placed(*history)) == status


class TestEarliestStart:
    @pytest.mark.parametrize(
        ("priority", "notice"), [("stat", HOUR), ("asap", 2 * HOUR), ("urgent", 4 * HOUR), ("routine", 3 * DAY)]
    )
    def test_gives_notice_by_priority(self, priority: Any, notice: timedelta) -> None:
        """A patient has to hear of the visit and to get there."""
        order = replace(ORDER, priority=priority)

        assert d.frame_of(placed(*ordered()), order, TUESDAY).earliest == TUESDAY + notice

    def test_lies_after_a_visit_that_was_given_back(self) -> None:
        """The same time again would be no help."""
        state = placed(*BOOKED, say(d.CancelVisit, visit_id="visit-1", reason=REASON))

        assert TUESDAY + 7 * DAY + HOUR / 2 == d.frame_of(state, ORDER, TUESDAY).earliest

    def test_lies_two_days_after_a_visit_that_was_missed(self) -> None:
        """Time to find out what kept the patient."""
        state = placed(*BOOKED, outcome("missed", at=TUESDAY + 7 * DAY))

        assert TUESDAY + 9 * DAY + HOUR / 2 == d.frame_of(state, ORDER, TUESDAY).earliest
