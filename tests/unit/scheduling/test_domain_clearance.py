"""What scheduling makes of what authorization tells: whether, where and when a visit is allowed."""

from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.domain import decide
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    APPROVED,
    ASKED,
    AWAY,
    DENIED,
    HOUSE,
    NOT_REQUIRED,
    OVERRIDDEN,
    REQUESTED,
    SEARCHING,
    WITHDRAWN,
    answer,
    held,
    item,
    offered,
    ordered,
    placed,
    say,
    slot,
)


class TestRecordLeave:
    @pytest.mark.parametrize("leave", [NOT_REQUIRED, OVERRIDDEN, APPROVED])
    def test_begins_the_search_for_an_accepted_provider(self, leave: Any) -> None:
        """Accepted, and allowed: now a time is looked for."""
        assert ["ClearanceChanged", "SearchBegun"] == kinds(decide(leave, placed(*ordered())))

    @pytest.mark.parametrize("leave", [NOT_REQUIRED, OVERRIDDEN, APPROVED])
    def test_waits_for_the_office(self, leave: Any) -> None:
        """Clearance alone books nothing: the office has not answered."""
        assert ["ClearanceChanged"] == kinds(decide(leave, placed(*ASKED)))

    @pytest.mark.parametrize("leave", [NOT_REQUIRED, OVERRIDDEN, APPROVED])
    def test_stays_quiet_when_it_is_so_already(self, leave: Any) -> None:
        """The same leave again changes nothing."""
        assert [] == decide(leave, placed(*ordered(), leave))

    def test_is_for_the_provider_that_it_names(self) -> None:
        """A payer that needs no request for one provider may need one for the next, however late it says so."""
        exempt = say(d.RecordClearance, basis="not_required", provider_ref=item().provider_ref)
        other = say(d.ChooseProvider, candidate=d.Candidate("pr-new", "st-new", is_in_house=True))

        assert isinstance(placed(*ordered(), REQUESTED, exempt).seeking, d.Searching)
        assert placed(*ordered(), REQUESTED, exempt, other).seeking is None
        assert placed(*ordered(), REQUESTED, other, exempt).seeking is None

    def test_is_kept_when_it_comes_first(self) -> None:
        """An approval may overtake the choice that it answers."""
        assert isinstance(placed(APPROVED, *ordered()).seeking, d.Searching)


class TestRecordApproval:
    def test_is_for_one_provider(self) -> None:
        """What was certified for another provider allows no visit here."""
        other = say(d.RecordApproval, items=(item("pr-other"),))

        assert placed(*ordered(), other).seeking is None

    def test_replaces_what_was_not_required(self) -> None:
        """A payer that certifies dates means them, even if it first said that it would not need to."""
        assert placed(NOT_REQUIRED, APPROVED).leave == d.Clearance(items=(item(),))

    def test_ends_with_the_choice_that_it_was_for(self) -> None:
        """Whoever is chosen again is asked for again."""
        other, again = (say(d.ChooseProvider, candidate=each) for each in (AWAY, HOUSE))

        assert isinstance(placed(*ordered(), APPROVED).seeking, d.Searching)
        assert placed(*ordered(), APPROVED, other, again).seeking is None

    def test_is_kept_for_an_office_that_takes_the_patient_after_all(self) -> None:
        """The payer is not asked anew for the same provider."""
        certified = say(d.RecordApproval, items=(item("pr-away"),))
        history = [*ordered(AWAY), certified, answer(accepted=False), say(d.ChooseProvider, candidate=AWAY)]

        assert isinstance(placed(*history, answer(2)).seeking, d.Searching)


class TestRecordRequest:
    def test_takes_back_what_was_not_required(self) -> None:
        """Who asks the payer needs its leave."""
        assert placed(*SEARCHING, REQUESTED).seeking is None

    def test_takes_back_what_was_certified(self) -> None:
        """A payer that is asked anew, or changes its mind, certifies nothing until it says so again."""
        asked = placed(*ordered(), APPROVED, offered(slot()), REQUESTED)

        assert (asked.leave, asked.seeking) == (d.Clearance(), None)
        assert isinstance(placed(*ordered(), APPROVED, REQUESTED, APPROVED).seeking, d.Searching)

    def test_takes_back_no_override(self) -> None:
        """The visit does not wait for the payer."""
        assert isinstance(placed(*ordered(), OVERRIDDEN, APPROVED, REQUESTED).seeking, d.Searching)

    def test_stays_quiet_when_asked_again(self) -> None:
        """Asked is asked."""
        assert [] == decide(REQUESTED, placed(*ordered(), REQUESTED))


class TestRecordDenial:
    def test_stops_a_search(self) -> None:
        """Nothing is booked that the payer refused."""
        assert placed(*ordered(), APPROVED, DENIED).seeking is None

    def test_gives_up_a_claim_under_way(self) -> None:
        """What the days hold for it is released."""
        denied = placed(*ordered(), APPROVED, offered(slot()), DENIED)

        assert [1] == [attempt.number for attempt in denied.given_up]
        assert [] == d.wanted_effects(denied)

    def test_takes_back_no_override(self) -> None:
        """A named person, or the STAT rule, had its reason."""
        assert isinstance(placed(*ordered(), OVERRIDDEN, APPROVED, DENIED).seeking, d.Searching)

    def test_takes_back_no_visit(self) -> None:
        """A visit that stands is the authorization's step, not ours."""
        assert placed(*ordered(), APPROVED, offered(slot()), held(), DENIED).visit is not None

    def test_settles_the_want_of_capacity(self) -> None:
        """Nobody looks for capacity that may not be used."""
        assert only(d.tasks(placed(*ordered(), APPROVED, offered(), DENIED))) is None

    def test_stays_quiet_without_leave(self) -> None:
        """There is nothing to take back."""
        assert [] == decide(DENIED, placed(*ordered()))


class TestRecordWithdrawal:
    def test_leaves_no_leave_of_any_kind(self) -> None:
        """An authorization that was given back allows nothing, and neither does an override of it."""
        assert placed(OVERRIDDEN, APPROVED, WITHDRAWN).leave == d.Clearance()
