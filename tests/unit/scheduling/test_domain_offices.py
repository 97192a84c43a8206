"""To whose office a placement was put, act by act."""

from dataclasses import replace
from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.domain import decide
from shared.errors import NotFound
from tests.support.given import kinds
from tests.unit.scheduling.placing import ASKED, AWAY, BOOKED, DAY, FAR, OFFICE, REASON, TUESDAY, outcome, placed, say

ACTS = ("read", "answer_request", "book_visit", "cancel_visit", "record_outcome")
AFTERWARDS = TUESDAY + 8 * DAY
MISSED_THERE = [*BOOKED, outcome("missed"), say(d.ChooseProvider, AFTERWARDS, candidate=FAR)]
"""The patient did not come to the first office, and is somebody else's now."""
BOTH_DECLINED = [say(d.AnswerRequest, choice=number, is_accepted=False) for number in (1, 2)]


@pytest.mark.parametrize("act", ACTS)
class TestPutTo:
    def test_is_nobody_before_somebody_is_chosen(self, act: str) -> None:
        """A placement that has only been begun is no office's."""
        assert frozenset() == d.put_to(placed(), act)

    def test_is_whoever_is_chosen(self, act: str) -> None:
        """Asked, and so concerned."""
        assert frozenset({"pr-away"}) == d.put_to(placed(*ASKED), act)

    def test_is_whose_visit_stands(self, act: str) -> None:
        """The office at which the patient is expected."""
        assert frozenset({"pr-house"}) == d.put_to(placed(*BOOKED), act)

    def test_is_the_next_one_and_no_more_the_first(self, act: str) -> None:
        """Who was unchosen is as any other office."""
        chosen = [say(d.ChooseProvider, candidate=each) for each in (AWAY, FAR)]

        assert frozenset({"pr-far"}) == d.put_to(placed(*ASKED, *chosen), act)

    def test_lets_who_declined_say_so_again_and_see_nothing(self, act: str) -> None:
        """Until somebody else is chosen: an answer may have been lost on its way."""
        may = act in ("answer_request", "cancel_visit", "record_outcome")

        assert frozenset({"pr-far"} if may else ()) == d.put_to(placed(*ASKED, *BOTH_DECLINED), act)


class TestVisitCommand:
    """A command about a visit, by an office that may be concerned by the placement and not by the visit."""

    def test_records_what_became_of_its_own_visit(self) -> None:
        """Whoever speaks for its provider, among others."""
        command = replace(outcome("fulfilled"), providers=frozenset({"pr-house", "pr-far"}))

        assert "VisitFulfilled" in kinds(decide(command, placed(*MISSED_THERE)))

    def test_cancels_its_own_visit(self) -> None:
        """The office at which the patient is expected may say that it cannot be."""
        command = say(d.CancelVisit, visit_id="visit-1", reason=REASON, providers=frozenset({"pr-house"}))

        assert "VisitCancelled" in kinds(decide(command, placed(*BOOKED)))

    @pytest.mark.parametrize(
        "command",
        [
            outcome("fulfilled"),
            outcome("missed"),
            say(d.CancelVisit, AFTERWARDS, visit_id="visit-1", reason=REASON),
            say(d.CancelVisit, visit_id="visit-1", reason=REASON),
        ],
    )
    @pytest.mark.parametrize("history", [BOOKED, MISSED_THERE])
    def test_refuses_a_visit_of_another_office_as_one_that_is_not_there(
        self, history: list[Any], command: d.CancelVisit | d.RecordOutcome
    ) -> None:
        """That it is chosen now opens no visit of the office before, nor says that there was one."""
        with pytest.raises(NotFound) as unknown:
            decide(replace(command, visit_id="visit-9"), placed(*history))
        with pytest.raises(NotFound) as refusal:
            decide(replace(command, providers=frozenset({"pr-far"})), placed(*history))

        assert (refusal.value.code, str(refusal.value)) == (unknown.value.code, str(unknown.value))

    def test_stays_quiet_when_its_own_visit_is_gone_already(self) -> None:
        """Said twice, it changes nothing."""
        command = say(d.CancelVisit, visit_id="visit-1", reason=REASON, providers=frozenset({"pr-house"}))

        assert [] == decide(command, placed(*BOOKED, command))


class TestAllowed:
    @pytest.mark.parametrize(
        ("provider_ref", "is_shown"), [("pr-house", True), ("pr-far", False)], ids=["before", "now"]
    )
    def test_names_nothing_about_a_visit_of_another_office(self, provider_ref: str, is_shown: bool) -> None:
        """A button is there if, and only if, the server would do it."""
        names = d.allowed(placed(*MISSED_THERE), OFFICE, AFTERWARDS, providers=frozenset({provider_ref}))

        assert ("record_outcome" in names) is is_shown

    @pytest.mark.parametrize(("provider_ref", "is_shown"), [("pr-house", True), ("pr-far", False)])
    def test_names_the_cancelling_of_its_own_visit(self, provider_ref: str, is_shown: bool) -> None:
        """Of the office at which the patient is expected, and no other."""
        names = d.allowed(placed(*BOOKED), OFFICE, TUESDAY, providers=frozenset({provider_ref}))

        assert ("cancel_visit" in names) is is_shown
