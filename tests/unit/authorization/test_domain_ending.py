"""Cancelled at any moment, used or unused, closed, and whatever comes late."""

from typing import Any

import pytest

from services.authorization import domain
from shared.contracts.authorization import AuthorizationWithdrawn
from shared.contracts.language import Command
from shared.errors import NotFound, Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.authorization.words import (
    APPROVED,
    ASKED,
    COVERAGE_PROBLEM,
    DENIED,
    NOW,
    PENDED,
    SOON,
    THERE,
    TUESDAY,
    after,
    answer,
    cancelled,
    chosen,
    closed,
    confirm_withdrawal,
    decided,
    eligible,
    gave_up,
    opened,
    override,
    resubmit,
    seen,
    self_pay,
    started,
    step_of,
    tick,
    told,
    wanted,
)

CHECKING = (opened(), started())


class TestConfirmWithdrawal:
    LEFT = gave_up("submission")

    @pytest.mark.parametrize("history", [(*ASKED, chosen(THERE)), (*APPROVED, resubmit()), (*PENDED, cancelled())])
    def test_settles_what_no_program_could_withdraw(self, history: Any) -> None:
        """A payer that keeps what is not wanted is a coordinator's to call, also when all is over."""
        case = after(*history, self.LEFT)
        steps = [step_of(case), step_of(after(*history, self.LEFT, tick(SOON)))]

        assert ("withdraw_request", "coordinator", "authorization", TUESDAY) in steps
        assert "confirm_withdrawal" in domain.allowed(case)
        assert step_of(after(*history)) == step_of(after(*history, self.LEFT, confirm_withdrawal()))

    @pytest.mark.parametrize("history", [(*ASKED, answer("A1")), (*DENIED, cancelled())])
    def test_stays_quiet_about_what_payers_shall_have(self, history: Any) -> None:
        """A request that counts, and a denial, are not taken back."""
        assert [] == domain.decide(self.LEFT, after(*history))

    def test_stays_quiet_when_it_is_so_already(self) -> None:
        """A person has it once; and a second click changes nothing."""
        case = after(*PENDED, cancelled(), self.LEFT)

        assert [] == domain.decide(self.LEFT, case)
        assert [] == domain.decide(confirm_withdrawal(), after(*PENDED, cancelled()))

    def test_refuses_a_case_that_is_not_there(self) -> None:
        """Nobody withdraws what was never heard of."""
        with pytest.raises(NotFound):
            domain.decide(confirm_withdrawal(), domain.INITIAL)


class TestEndCase:
    @pytest.mark.parametrize(
        ("history", "is_requested"),
        [(CHECKING, False), (COVERAGE_PROBLEM, False), (ASKED, True), (PENDED, True), (APPROVED, True)],
    )
    def test_withdraws_what_was_asked_and_not_used(self, history: Any, is_requested: bool) -> None:
        """Whatever was asked is wanted no more; the request is withdrawn at the payer by not being wanted."""
        [fact] = told(cancelled(), after(*history))
        assert isinstance(fact, AuthorizationWithdrawn)
        assert (is_requested, "because") == (fact.request_id is not None, fact.reason.code)

        case = after(*history, cancelled())
        assert (None, None, "withdrawn") == (only(domain.tasks(case)), domain.next_due(case), domain.status(case))
        assert [] == [effect for effect in domain.wanted_effects(case) if effect.kind == "submission"]

    @pytest.mark.parametrize("history", [(), (opened(),), (*COVERAGE_PROBLEM, self_pay())])
    def test_tells_nothing_when_nobody_was_asked(self, history: Any) -> None:
        """There is nothing to withdraw."""
        assert [] == told(cancelled(), after(*history))

    def test_asks_nobody_afterwards(self) -> None:
        """A cancellation that overtakes completeness or the choice stays the last word."""
        case = after(opened(), cancelled(), started(), chosen())

        assert ([], None) == (wanted(case), only(domain.tasks(case)))

    def test_leaves_a_denial_where_it_is(self) -> None:
        """There is nothing to withdraw of a denial, but the step is over."""
        case = after(*DENIED, cancelled())

        assert ([("eligibility", 1), ("submission", 1)], None) == (wanted(case), only(domain.tasks(case)))

    def test_withdraws_nothing_that_was_used(self) -> None:
        """The patient was seen under this authorization: it must stand when the bill comes."""
        assert [] == told(cancelled(), after(*APPROVED, seen()))
        assert [] == told(closed("care_elsewhere"), after(*APPROVED, seen()))

    @pytest.mark.parametrize("outcome", ["completed", "seen_no_report"])
    def test_knows_by_the_outcome_that_the_patient_was_seen(self, outcome: str) -> None:
        """Intake may be heard before scheduling."""
        case = after(*APPROVED, closed(outcome))

        assert [("eligibility", 1), ("submission", 1)] == wanted(case)
        assert [] == domain.decide(seen(), case)

    def test_leaves_no_step_and_no_timer_once_closed(self) -> None:
        """Who has closed the loop is not asked to do anything more."""
        case = after(*PENDED, seen(), closed("completed"))

        assert (None, None, frozenset()) == (only(domain.tasks(case)), domain.next_due(case), domain.allowed(case))

    def test_still_takes_a_decision_once_closed(self) -> None:
        """What the payer says about care that happened is told, even late."""
        case = after(*PENDED, seen(), closed("completed"))

        assert ["AuthorizationApproved"] == kinds(told(answer("A1", 2), case))

    def test_stays_quiet_when_it_has_ended_already(self) -> None:
        """Twice is once, and a closing is not undone."""
        case = after(*PENDED, cancelled())
        assert [] == domain.decide(cancelled(), case)
        assert [] == told(closed(), case)
        assert [] == domain.decide(cancelled(), after(*PENDED, closed()))

    @pytest.mark.parametrize("command", [resubmit(), decided("A1"), override(), self_pay()])
    def test_refuses_people_afterwards(self, command: Command) -> None:
        """What is over is over for everybody."""
        with pytest.raises(Rejected):
            domain.decide(command, after(*PENDED, cancelled()))


class TestUseAuthorization:
    def test_ends_the_step_of_using_it(self) -> None:
        """Used means done, and still wanted outside."""
        case = after(*APPROVED, seen())

        assert (None, [("eligibility", 1), ("submission", 1)]) == (only(domain.tasks(case)), wanted(case))

    def test_leaves_the_payers_clock_running(self) -> None:
        """A STAT visit happens before the payer decides about it."""
        step = only(domain.tasks(after(*PENDED, override(), seen())))

        assert step is not None
        assert "await_payer_decision" == step.act

    def test_wants_back_what_was_withdrawn(self) -> None:
        """Care happened after all: the payer is asked anew, under a new id."""
        case = after(*APPROVED, cancelled(), seen())

        assert ("submitting", [("eligibility", 1), ("submission", 2)]) == (domain.status(case), wanted(case))

    def test_finds_a_denial_where_it_was(self) -> None:
        """What the payer denied is not asked again because the patient was seen; it is contested."""
        case = after(*DENIED, cancelled(), seen())

        assert ("denied", [("eligibility", 1), ("submission", 1)]) == (domain.status(case), wanted(case))

    def test_checks_again_a_coverage_that_was_not_found_out(self) -> None:
        """The answer to a check that was given up does not count, so it is asked again."""
        case = after(opened(), started(), chosen(), cancelled(), eligible(), seen(), eligible(check=2))

        assert [("eligibility", 2), ("submission", 1)] == wanted(case)

    def test_stays_quiet_when_heard_twice(self) -> None:
        """A visit is fulfilled once."""
        assert [] == domain.decide(seen(), after(*APPROVED, seen()))


class TestDecide:
    def test_refuses_what_it_does_not_know(self) -> None:
        """By default the answer is no."""
        with pytest.raises(Rejected, match="does not know"):
            domain.decide(Command(at=NOW, by=answer("A1").by, channel="api"), domain.INITIAL)

    def test_stays_quiet_on_a_tick_of_an_empty_case(self) -> None:
        """Nothing is armed."""
        assert [] == domain.decide(tick(SOON), domain.INITIAL)
