"""One day of one resource: claims are refused, kept, asked about and removed."""

from dataclasses import replace
from typing import Any

import pytest

from services.scheduling.domain import calendar_day
from services.scheduling.domain.calendar_day import (
    ASKED_AFTER,
    EMPTY,
    CalendarDay,
    HeedAnswer,
    ReleaseReservation,
    ReserveInterval,
    decide,
    next_due,
)
from services.scheduling.store import CALENDAR_DAY
from shared.errors import Conflict, Rejected
from tests.support.given import given, kinds
from tests.support.tasks import only
from tests.unit.scheduling.placing import HOUR, TUESDAY, answer, say, stuck, tick

ASK_AT = TUESDAY + ASKED_AFTER


def claim(placement: str = "demo-a", attempt: int = 1, first: float = 0, last: float = 1) -> ReserveInterval:
    """From and to so many hours after Tuesday."""
    starts_at, ends_at = TUESDAY + first * HOUR, TUESDAY + last * HOUR
    return say(ReserveInterval, placement_id=placement, attempt=attempt, starts_at=starts_at, ends_at=ends_at)


def release(attempt: int = 1) -> ReleaseReservation:
    """The attempt was given up."""
    return say(ReleaseReservation, placement_id="demo-a", attempt=attempt)


def heed(life: str, number: int = 1, question: int = 1) -> HeedAnswer:
    """What the placement said of a claim."""
    return say(HeedAnswer, ASK_AT, question=question, lives={number: life})


def day(*history: Any) -> CalendarDay:
    """The day after a history."""
    state: CalendarDay = given(CALENDAR_DAY, *history)
    return state


class TestClaimInterval:
    @pytest.mark.parametrize("other", [claim("demo-b", 1, 1, 2), claim("demo-b", 1, -1, 0), claim("demo-a", 2)])
    def test_takes_what_is_free(self, other: ReserveInterval) -> None:
        """Touching is not meeting, and other attempts of the same placement do not count."""
        assert ["Reserved"] == kinds(decide(other, day(claim())))

    @pytest.mark.parametrize(("first", "last"), [(0.5, 1.5), (-0.5, 0.5), (0.2, 0.8), (-1, 2), (0, 1)])
    def test_refuses_what_meets_another_placements(self, first: float, last: float) -> None:
        """Whoever claims first has it."""
        with pytest.raises(Conflict, match="taken"):
            decide(claim("demo-b", 1, first, last), day(claim()))

    def test_stays_quiet_when_it_is_claimed_already(self) -> None:
        """A claim that is there is left as it is."""
        assert [] == decide(claim(), day(claim()))


class TestReleaseClaim:
    def test_removes_that_attempt_alone(self) -> None:
        """Others of the same placement stand."""
        left = day(claim(), claim(attempt=2), release())

        assert [2] == [c.attempt for c in left.claims]

    def test_stays_quiet_the_second_time(self) -> None:
        """Releasing twice does no harm."""
        assert [] == decide(release(), day(claim(), release()))


class TestTick:
    def test_asks_about_all_that_are_not_settled_once_one_is_due(self) -> None:
        """One question, however many claims; the younger ones do not need another."""
        younger = replace(claim("demo-b", 1, 1, 2), at=TUESDAY + ASKED_AFTER / 2)
        asking = day(claim(), younger, tick(ASK_AT))

        assert [("ask", 1)] == [(e.kind, e.revision) for e in calendar_day.wanted_effects(asking)]
        assert ["demo-a", "demo-b"] == [c.placement_id for c in asking.reservations_in_question()]

    def test_does_not_ask_again_about_what_is_settled(self) -> None:
        """Booked is permanent, also when another claim is due."""
        later = replace(claim("demo-b", 1, 1, 2), at=ASK_AT)
        asking = day(claim(), tick(ASK_AT), heed("booked"), later, tick(ASK_AT + ASKED_AFTER))

        assert ["demo-b"] == [c.placement_id for c in asking.reservations_in_question()]

    @pytest.mark.parametrize(
        "history", [[], [claim()], [claim(), tick(ASK_AT)], [claim(), tick(ASK_AT), heed("booked")]]
    )
    def test_stays_quiet_while_nothing_is_to_be_asked(self, history: list[Any]) -> None:
        """Before its time, while a question is under way, and for ever when it is booked."""
        at = TUESDAY if history == [claim()] else ASK_AT + HOUR

        assert [] == decide(tick(at), day(*history))


class TestHeedAnswer:
    def test_makes_a_booked_claim_permanent(self) -> None:
        """Nobody asks about it again."""
        assert next_due(day(claim(), tick(ASK_AT), heed("booked"))) is None

    def test_removes_a_dead_one(self) -> None:
        """Dead is for ever."""
        assert () == day(claim(), tick(ASK_AT), heed("dead")).claims

    def test_asks_again_about_one_that_is_tried(self) -> None:
        """Neither settled nor removed."""
        assert ASK_AT + ASKED_AFTER == next_due(day(claim(), tick(ASK_AT), heed("trying")))

    def test_keeps_a_younger_one_that_was_asked_about_with_it(self) -> None:
        """Asked about before its time, it may well still be tried."""
        younger = replace(claim("demo-b", 1, 1, 2), at=TUESDAY + ASKED_AFTER / 2)
        answers = say(HeedAnswer, ASK_AT, question=1, lives={1: "booked", 2: "trying"})
        kept = day(claim(), younger, tick(ASK_AT), answers)

        assert [(1, None), (2, ASK_AT + ASKED_AFTER)] == [(c.number, c.ask_at) for c in kept.claims]

    def test_does_not_settle_a_claim_made_anew(self) -> None:
        """An old answer is about the old claim: what a zombie claims after the release is asked about itself."""
        anew = day(claim(), tick(ASK_AT), release(), claim(), heed("booked"))

        assert [(2, ASK_AT)] == [(c.number, c.ask_at) for c in anew.claims]

    def test_asks_again_about_what_was_not_answered(self) -> None:
        """What nobody spoke of is neither settled nor removed."""
        assert ASK_AT + ASKED_AFTER == next_due(day(claim(), tick(ASK_AT), heed("dead", 7)))

    @pytest.mark.parametrize("history", [[claim()], [claim(), tick(ASK_AT), heed("trying"), tick(ASK_AT + HOUR)]])
    def test_stays_quiet_about_an_old_question(self, history: list[Any]) -> None:
        """An answer that comes too late is asked for again."""
        assert [] == decide(heed("dead"), day(*history))


class TestEffectNeedsPerson:
    def test_puts_the_question_anew(self) -> None:
        """No answer is no reason to remove a claim, nor to forget it."""
        state = day(claim(), tick(ASK_AT), stuck("ask", at=ASK_AT))

        assert ([], ASK_AT + ASKED_AFTER) == (calendar_day.wanted_effects(state), next_due(state))

    def test_stays_quiet_about_an_old_question(self) -> None:
        """It was answered."""
        assert [] == decide(stuck("ask"), day(claim(), tick(ASK_AT), heed("booked")))


class TestDecide:
    def test_refuses_what_it_does_not_know(self) -> None:
        """Refuse by default."""
        with pytest.raises(Rejected, match="does not know"):
            decide(answer(), EMPTY)


class TestStore:
    @pytest.mark.parametrize(
        "history", [[], [claim()], [claim(), tick(ASK_AT)], [claim(), tick(ASK_AT), heed("booked")]]
    )
    def test_reads_what_it_wrote(self, history: list[Any]) -> None:
        """A day rests in the store as it is."""
        state = day(*history)

        assert CALENDAR_DAY.decode(CALENDAR_DAY.encode(state), CALENDAR_DAY.schema) == state

    def test_has_no_step(self) -> None:
        """A day waits for nobody."""
        assert only(calendar_day.tasks(day(claim()))) is None
