"""To whose office a placement was put, act by act."""

import pytest

from services.scheduling import domain as d
from tests.unit.scheduling.placing import ASKED, AWAY, BOOKED, FAR, placed, say

ACTS = ("read", "answer_request", "book_visit", "cancel_visit", "record_outcome")
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
