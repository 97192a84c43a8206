"""What a placement makes of the calendar's answers, of calls without one, and of time."""

from datetime import timedelta
from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.domain import decide
from services.scheduling.domain.decide_effects import MOST_SEARCHES_IN_VAIN
from shared.contracts.scheduling import ProviderDeclined, VisitBooked
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    APPROVED,
    ASKED,
    BOOKED,
    CLAIMING,
    DAY,
    ENDED,
    HOUR,
    SEARCHING,
    TUESDAY,
    answer,
    book,
    held,
    offered,
    ordered,
    outcome,
    placed,
    refused,
    say,
    slot,
    stuck,
    the,
    tick,
)


def step_of(*history: Any) -> tuple[str, str, Any] | None:
    """Who must do what by when."""
    step = only(d.tasks(placed(*history)))
    return (step.act, step.owner, step.due_at) if step else None


class TestOfferOpenings:
    def test_begins_an_attempt_on_the_first(self) -> None:
        """The others are kept for the case that it is taken meanwhile."""
        claiming = placed(*CLAIMING).seeking

        assert isinstance(claiming, d.Reserving)
        assert (claiming.attempt, claiming.rest) == (d.Attempt(1, slot(7)), (slot(8),))

    def test_leaves_out_what_is_not_certified(self) -> None:
        """The window may have changed while the search ran."""
        late = placed(*ordered(), APPROVED, offered(slot(40), slot(9))).seeking

        assert isinstance(late, d.Reserving)
        assert (late.attempt.slot, late.rest) == (slot(9), ())

    def test_tells_that_nothing_is_free(self) -> None:
        """No capacity is a step with an owner, and is looked for again the next day."""
        facts = decide(offered(), placed(*SEARCHING))

        assert ["SeekingPaused", "Escalated", "NoCapacityFound"] == kinds(facts)
        assert ("find_capacity", "coordinator", TUESDAY + DAY) == step_of(*SEARCHING, offered())
        assert TUESDAY + DAY == d.next_due(placed(*SEARCHING, offered()))

    @pytest.mark.parametrize("history", [CLAIMING, BOOKED, [*SEARCHING, ENDED], ordered()])
    def test_stays_quiet_when_nobody_searches(self, history: list[Any]) -> None:
        """An answer to an old question changes nothing."""
        assert [] == decide(offered(slot(9)), placed(*history))


class TestRecordClaimHeld:
    def test_books(self) -> None:
        """The placement's own write is the moment of truth."""
        booked = the(VisitBooked, decide(held(), placed(*CLAIMING)))

        assert ("visit-1", {"visit": "sealed-1"}) == (booked.visit_id, booked.seals)
        assert booked.replaces is None

    @pytest.mark.parametrize(
        "history", [[*CLAIMING, refused()], [*CLAIMING, ENDED], [*CLAIMING, stuck("claim")], [*CLAIMING, book(9)]]
    )
    def test_stays_quiet_for_an_attempt_that_was_given_up(self, history: list[Any]) -> None:
        """Dead is for ever, however late the good news."""
        assert [] == decide(held(), placed(*history))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """One attempt is one visit."""
        assert [] == decide(held(), placed(*BOOKED))


class TestRecordClaimRefused:
    def test_tries_the_next_opening(self) -> None:
        """The attempt is given up, and its claims are owed their release."""
        state = placed(*CLAIMING, refused())

        assert isinstance(state.seeking, d.Reserving)
        assert (state.seeking.attempt.number, state.seeking.attempt.slot) == (2, slot(8))
        assert [1] == [attempt.number for attempt in state.given_up]

    def test_searches_again_when_none_is_left(self) -> None:
        """Others were faster: what is free now is another question."""
        state = placed(*CLAIMING, refused(), refused(2))

        assert isinstance(state.seeking, d.Searching)
        assert 2 == state.seeking.search

    def test_asks_a_person_when_others_are_always_faster(self) -> None:
        """A race that cannot be won ends."""
        history: list[Any] = [*SEARCHING]
        for search in range(1, MOST_SEARCHES_IN_VAIN + 1):
            history += [offered(slot(7), search=search), refused(search)]

        assert ("find_capacity", "coordinator", TUESDAY + DAY) == step_of(*history)

    def test_lets_a_person_try_again_what_a_person_asked_for(self) -> None:
        """An office's own booking is not replaced by a time that a program likes."""
        assert ("find_capacity", "coordinator", TUESDAY + DAY) == step_of(*SEARCHING, book(), refused())

    def test_stays_quiet_for_an_attempt_that_was_given_up(self) -> None:
        """Refused twice is refused once."""
        assert [] == decide(refused(), placed(*CLAIMING, refused()))


class TestRecordClaimReleased:
    def test_forgets_the_attempt(self) -> None:
        """Nothing is left of it outside."""
        assert () == placed(*CLAIMING, refused(), say(d.RecordReservationReleased, attempt=1)).given_up

    @pytest.mark.parametrize("history", [CLAIMING, BOOKED])
    def test_stays_quiet_for_an_attempt_that_lives(self, history: list[Any]) -> None:
        """Only what was given up is released."""
        assert [] == decide(say(d.RecordReservationReleased, attempt=1), placed(*history))


class TestEffectNeedsPerson:
    @pytest.mark.parametrize(
        ("history", "kind", "act"),
        [
            (SEARCHING, "search", "find_capacity"),
            (CLAIMING, "claim", "find_capacity"),
            ([*BOOKED, book()], "claim", "reschedule_visit"),
            (ASKED, "office_request", "call_office"),
            (BOOKED, "appointment", "confirm_appointment"),
        ],
    )
    def test_makes_it_a_coordinators(self, history: list[Any], kind: str, act: str) -> None:
        """Where programs end, a person begins, by the next business day."""
        revision = 2 if history == [*BOOKED, book()] else 1

        assert (act, "coordinator", TUESDAY + DAY) == step_of(*history, stuck(kind, revision))

    @pytest.mark.parametrize(
        ("history", "kind"),
        [
            (BOOKED, "search"),
            (BOOKED, "claim"),
            ([*ASKED, answer()], "office_request"),
            ([*BOOKED, outcome("fulfilled")], "appointment"),
        ],
    )
    def test_stays_quiet_about_what_is_settled(self, history: list[Any], kind: str) -> None:
        """Nobody is asked about what is not wanted any more."""
        assert [] == decide(stuck(kind), placed(*history))


class TestTick:
    def test_takes_silence_of_an_office_for_no(self) -> None:
        """Two business days for a routine referral; then the next is asked."""
        facts = decide(tick(TUESDAY + 2 * DAY), placed(*ASKED))

        assert ["ProviderDeclined", "ProviderChosen", "OfficeAsked"] == kinds(facts)
        assert "no-answer" == the(ProviderDeclined, facts).reason.code

    @pytest.mark.parametrize(
        ("priority", "wait"), [("stat", 4 * HOUR), ("urgent", DAY), ("asap", DAY), ("routine", 2 * DAY)]
    )
    def test_gives_an_office_time_by_priority(self, priority: str, wait: timedelta) -> None:
        """Who is in a hurry does not wait for long."""
        away = d.Candidate("pr-away", "st-away", is_in_house=False)

        assert d.next_due(placed(*ordered(away, priority=priority))) == TUESDAY + wait

    def test_searches_again_the_next_day(self) -> None:
        """While a person looks for capacity, the program goes on looking."""
        history = [*SEARCHING, offered(), tick(TUESDAY + DAY)]

        assert isinstance(placed(*history).seeking, d.Searching)
        assert ("find_capacity", "coordinator", TUESDAY + DAY) == step_of(*history)

    @pytest.mark.parametrize("history", [SEARCHING, CLAIMING])
    def test_hands_over_what_takes_too_long(self, history: list[Any]) -> None:
        """A search or a claim without an answer is given up, and a person hears of it."""
        late = placed(*history, tick(TUESDAY + HOUR))

        assert isinstance(late.seeking, d.Paused)
        assert late.is_handed("find_capacity")

    def test_lets_the_old_visit_stand_when_a_move_takes_too_long(self) -> None:
        """The booked visit is not lost to a stalled one."""
        late = placed(*BOOKED, book(), tick(TUESDAY + HOUR))

        assert late.visit is not None
        assert ("visit-1", None) == (late.visit.visit_id, late.seeking)

    def test_asks_the_office_for_the_outcome_when_the_visit_is_over(self) -> None:
        """One business day for the office."""
        end = TUESDAY + 7 * DAY + HOUR / 2

        assert d.next_due(placed(*BOOKED)) == end
        assert ("record_outcome", "specialist", end + DAY) == step_of(*BOOKED, tick(end))

    def test_asks_a_coordinator_when_the_office_says_nothing(self) -> None:
        """One more for a coordinator; after that it stays overdue where all can see it."""
        end = TUESDAY + 7 * DAY + HOUR / 2
        history = [*BOOKED, tick(end), tick(end + DAY)]

        assert ("obtain_outcome", "coordinator", end + 2 * DAY) == step_of(*history)
        assert d.next_due(placed(*history)) is None

    def test_stays_quiet_when_it_is_over(self) -> None:
        """Nothing is due of what is over."""
        assert [] == decide(tick(TUESDAY + 90 * DAY), placed(*BOOKED, ENDED))
