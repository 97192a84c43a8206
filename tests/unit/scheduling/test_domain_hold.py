import pytest

from services.scheduling import domain as d
from services.scheduling.domain.facts import PlacementHeld, PlacementResumed, SeekingStopped
from services.scheduling.store import PLACEMENT
from shared.errors import Conflict, Rejected
from tests.support.given import kinds
from tests.unit.scheduling.placing import (
    ASKED,
    AWAY,
    BOOKED,
    CLAIMING,
    DAY,
    HOUSE,
    NOT_REQUIRED,
    ORDER,
    SEARCHING,
    TUESDAY,
    answer,
    book,
    held,
    ordered,
    placed,
    say,
)

HOLD, RESUME = say(d.HoldPlacement), say(d.ResumePlacement)


class TestHoldPlacement:
    def test_keeps_a_visit_that_stands(self) -> None:
        """Nobody takes from a patient what was promised."""
        assert [PlacementHeld()] == d.decide(HOLD, placed(*BOOKED))
        assert placed(*BOOKED).visit == placed(*BOOKED, HOLD).visit

    @pytest.mark.parametrize("history", [SEARCHING, CLAIMING])
    def test_stops_what_only_looks_for_one(self, history: list[object]) -> None:
        """Nothing is booked any more, whatever was under way."""
        facts = d.decide(HOLD, placed(*history))

        assert [PlacementHeld(), SeekingStopped()] == facts
        assert [] == d.decide(held(), placed(*history, HOLD))

    def test_chooses_nobody(self) -> None:
        """An office that was asked may answer; no other is asked after its no, and no visit is sought after its yes."""
        assert ["PlacementBegun"] == kinds(d.decide(ordered()[1], placed(ordered()[0], HOLD)))
        assert ["ProviderDeclined"] == kinds(d.decide(answer(accepted=False), placed(*ASKED, HOLD)))
        assert ["ProviderAccepted"] == kinds(d.decide(answer(), placed(*ASKED, NOT_REQUIRED, HOLD)))

    def test_refuses_people_what_is_new(self) -> None:
        """Neither another provider nor another time, until the order is active again."""
        with pytest.raises(Conflict, match="on hold"):
            d.decide(book(), placed(*BOOKED, HOLD))
        with pytest.raises(Conflict, match="on hold"):
            d.decide(say(d.ChooseProvider, candidate=AWAY), placed(*BOOKED, HOLD))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """Held is held."""
        assert [] == d.decide(HOLD, placed(*SEARCHING, HOLD))


class TestResumePlacement:
    def test_goes_on_where_it_was(self) -> None:
        """The search that was stopped begins anew, and so does the choice."""
        assert ["PlacementResumed", "SearchBegun"] == kinds(d.decide(RESUME, placed(*SEARCHING, HOLD)))
        assert "ProviderChosen" in kinds(d.decide(RESUME, placed(ordered()[0], HOLD, ordered()[1])))

    def test_leaves_a_visit_as_it_is(self) -> None:
        """Nothing is looked for beside what stands."""
        assert [PlacementResumed()] == d.decide(RESUME, placed(*BOOKED, HOLD))

    def test_stays_quiet_when_nothing_is_held(self) -> None:
        """Delivered twice, or first."""
        assert [] == d.decide(RESUME, placed(*SEARCHING))


class TestTakePathway:
    TAKE = say(d.TakePathway, pathway="pw-2", candidates=(HOUSE,))

    def test_names_who_could_do_it(self) -> None:
        """An order without a pathway has no candidates until a person has chosen one."""
        state = placed(say(d.TakeOrder, order=ORDER, candidates=()), self.TAKE)

        assert state.order
        assert ("pw-2", (HOUSE,)) == (state.order.pathway, state.candidates)
        assert "ProviderChosen" in kinds(d.decide(say(d.BeginPlacement), state))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """The same pathway again, or one of a referral that nothing was heard of."""
        assert [] == d.decide(self.TAKE, placed(*ordered(), self.TAKE))
        assert [] == d.decide(self.TAKE, PLACEMENT.initial)


class TestNotBefore:
    def test_is_when_openings_begin(self) -> None:
        """No search looks earlier, however pressing the order is."""
        state = placed(*ordered(not_before=TUESDAY + 30 * DAY, priority="stat"))

        assert state.order
        assert TUESDAY + 30 * DAY == d.frame_of(state, state.order, TUESDAY).earliest

    def test_leaves_a_date_that_is_over(self) -> None:
        """What was not to be before last week may be whenever it can."""
        early, usual = (placed(*ordered(**fields)) for fields in ({"not_before": TUESDAY - DAY}, {}))

        assert early.order
        assert usual.order
        assert d.frame_of(usual, usual.order, TUESDAY) == d.frame_of(early, early.order, TUESDAY)

    def test_refuses_an_earlier_time(self) -> None:
        """Also from people, who may not have seen that date."""
        state = placed(*ordered(not_before=TUESDAY + 30 * DAY), NOT_REQUIRED)

        with pytest.raises(Rejected, match="so early"):
            d.decide(book(8), state)
        assert "AttemptBegun" in kinds(d.decide(book(31), state))
