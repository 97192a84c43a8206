"""What people learn from payers by telephone: of the policy, of the records that are missing, of a peer-to-peer."""

from datetime import timedelta
from typing import Any

import pytest

from services.authorization import domain
from services.authorization.domain.reasons import PEER_TO_PEER_UPHELD
from services.authorization.domain.statuses import Covered
from shared.contracts.authorization import AuthorizationPended
from shared.errors import NotFound, Rejected
from tests.support.given import kinds
from tests.unit.authorization.words import (
    ASKED,
    COVERAGE_PROBLEM,
    DENIED,
    IN_A_WEEK,
    NOW,
    OWED,
    PENDED,
    RECORDS,
    SOON,
    TUESDAY,
    after,
    answer,
    cancelled,
    chosen,
    closed,
    decided,
    eligible,
    opened,
    records_sent,
    started,
    step_of,
    tick,
    told,
    upheld,
    verify,
)

UNANSWERED = (opened(), started(), tick(SOON))
LAPSED = (*DENIED, tick(NOW + timedelta(days=15)))


def act_of(case: domain.Case) -> str | None:
    """What is to be done first."""
    step = step_of(case)
    return step[0] if step else None


class TestVerifyCoverage:
    @pytest.mark.parametrize("history", [UNANSWERED, COVERAGE_PROBLEM, (opened(), started())])
    def test_verifies_what_the_payer_said_by_telephone(self, history: Any) -> None:
        """In the name of who asked; the payer's number is kept."""
        [fact] = told(verify(), after(*history))
        case = after(*history, verify(certificate="sealed-number"))

        assert ("CoverageVerified", "person") == (type(fact).__name__, fact.recorded_by.kind)
        assert isinstance(case.coverage, Covered)
        assert "sealed-number" == case.coverage.certificate

    def test_goes_on_as_after_the_payers_own_answer(self) -> None:
        """Leave is asked for where it is needed, and not where it is not."""
        assert "submitting" == domain.status(after(*UNANSWERED, verify(), chosen()))
        assert "not_required" == domain.status(after(*UNANSWERED, verify(auth_required="N"), chosen()))

    def test_keeps_the_problem_that_the_payer_confirmed(self) -> None:
        """Not in force is an answer, too; after it the payer's own late word counts no more."""
        case = after(*UNANSWERED, verify("6"))

        assert ["CoverageNotVerified"] == kinds(told(verify("6"), after(*UNANSWERED)))
        assert "coverage_problem" == domain.status(case)
        assert [] == domain.decide(eligible(), case)

    def test_stays_quiet_where_the_payer_has_said_so_already(self) -> None:
        """A second no is no news."""
        assert [] == domain.decide(verify("6"), after(*COVERAGE_PROBLEM))

    @pytest.mark.parametrize(
        "history", [(opened(has_member_id=False), started()), ASKED, (*COVERAGE_PROBLEM, closed()), (opened(),)]
    )
    def test_refuses_where_no_policy_is_in_question(self, history: Any) -> None:
        """Nor can a payer be asked about a policy without a member id: it is corrected first."""
        with pytest.raises(Rejected, match="policy in question"):
            domain.decide(verify(), after(*history))

    def test_refuses_a_case_that_is_not_there(self) -> None:
        """404."""
        with pytest.raises(NotFound):
            domain.decide(verify(), domain.INITIAL)


class TestConfirmRecordsSent:
    def test_a_payer_that_asks_for_records_waits_for_us(self) -> None:
        """It is our task within one business day, in the payer's words; the payer's clock goes on."""
        case = after(*OWED)

        assert ("send_records", "coordinator", "authorization", TUESDAY) == step_of(case)
        assert case.request is not None
        assert RECORDS == case.request.records_owed
        assert IN_A_WEEK == domain.next_due(case)

    def test_nothing_is_owed_later_than_the_payer_decides(self) -> None:
        """An urgent decision does not wait for our business day."""
        in_an_hour = NOW + timedelta(hours=1)
        case = after(*ASKED, answer("A4", asked_for=RECORDS, decision_due_at=in_an_hour))

        assert ("send_records", "coordinator", "authorization", in_an_hour) == step_of(case)

    def test_is_the_payers_turn_again_once_they_were_sent(self) -> None:
        """Its own clock holds, as it did."""
        case = after(*OWED, records_sent())

        assert ("await_payer_decision", "payer", "authorization", IN_A_WEEK) == step_of(case)

    def test_is_owed_again_when_the_payer_asks_again(self) -> None:
        """Under its next number."""
        assert "send_records" == act_of(after(*OWED, records_sent(), answer("A4", 2, asked_for=RECORDS)))

    def test_still_owes_what_a_person_heard_a_new_date_for(self) -> None:
        """The date is about the decision, not about the records."""
        case = after(*OWED, decided("A4", decision_due_at=IN_A_WEEK - timedelta(days=1)))

        assert "send_records" == act_of(case)

    def test_goes_to_whoever_calls_the_payer_when_its_time_is_over(self) -> None:
        """Records or none: a payer that has not decided is called."""
        assert "call_payer" == act_of(after(*OWED, tick(IN_A_WEEK)))

    def test_the_fact_says_what_was_asked_for(self) -> None:
        """In codes; free words do not leave the service."""
        fact = told(answer("A4", asked_for=RECORDS), after(*ASKED))[-1]

        assert isinstance(fact, AuthorizationPended)
        assert RECORDS == fact.asked_for

    def test_stays_quiet_when_said_twice(self) -> None:
        """The second click is none."""
        assert [] == domain.decide(records_sent(), after(*OWED, records_sent()))

    @pytest.mark.parametrize("history", [PENDED, ASKED, DENIED, (*OWED, cancelled())])
    def test_refuses_where_the_payer_asked_for_nothing(self, history: Any) -> None:
        """There is nothing to send."""
        with pytest.raises(Rejected, match="waits for no records"):
            domain.decide(records_sent(), after(*history))


class TestRecordPeerToPeer:
    def test_a_denial_that_is_upheld_leaves_the_appeal(self) -> None:
        """At once: nobody waits for the day on which the talk would have lapsed."""
        [fact] = told(upheld(), after(*DENIED))

        assert ("AuthorizationNeedsPerson", PEER_TO_PEER_UPHELD) == (type(fact).__name__, fact.reason)
        assert "appeal_or_close" == act_of(after(*DENIED, upheld()))

    @pytest.mark.parametrize("history", [DENIED, LAPSED, (*DENIED, upheld())])
    def test_a_denial_that_is_overturned_is_an_approval(self, history: Any) -> None:
        """Also where the talk is recorded after its time, or the payer thinks again."""
        assert ["AuthorizationApproved"] == kinds(told(upheld("A1"), after(*history)))
        assert "approved" == domain.status(after(*history, upheld("A1")))

    def test_needs_the_dates_of_what_was_granted(self) -> None:
        """As every approval does."""
        with pytest.raises(Rejected, match="first and last day"):
            domain.decide(upheld("A1", window=None), after(*DENIED))

    @pytest.mark.parametrize("history", [(*DENIED, upheld()), LAPSED])
    def test_stays_quiet_where_only_the_appeal_was_left(self, history: Any) -> None:
        """A second no is no news."""
        assert [] == domain.decide(upheld(), after(*history))

    @pytest.mark.parametrize("history", [PENDED, (*ASKED, answer("A1")), (*DENIED, closed())])
    def test_refuses_where_nothing_was_denied(self, history: Any) -> None:
        """There is nothing to talk about."""
        with pytest.raises(Rejected, match="no denial"):
            domain.decide(upheld(), after(*history))
