"""The request for leave: asked once, settled by people where the payer does not settle it."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.authorization import domain
from shared.contracts.authorization import AuthorizationApproved
from shared.errors import NotFound, Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.authorization.words import (
    APPROVED,
    ASKED,
    CT,
    DENIED,
    HERE,
    IN_A_WEEK,
    NOW,
    PENDED,
    SOON,
    THERE,
    TUESDAY,
    after,
    answer,
    cancelled,
    chosen,
    decided,
    eligible,
    gave_up,
    item,
    opened,
    override,
    resubmit,
    started,
    step_of,
    tick,
    told,
    wanted,
)


class TestAdoptProvider:
    def test_asks_for_leave_for_that_provider(self) -> None:
        """The request goes to the payer within the hour, or a person hears of it."""
        case = after(*ASKED)
        effects = {effect.kind: effect for effect in domain.wanted_effects(case)}

        assert (1, "alder-valley") == (effects["submission"].revision, effects["submission"].target)
        assert ("submit_request", "system", "authorization", SOON) == step_of(case)

    def test_asks_anew_for_another_provider(self) -> None:
        """Leave is for one provider at one site: the old request is given up, its late answer ignored."""
        case = after(*APPROVED, chosen(THERE))

        assert ("submitting", [("eligibility", 1), ("submission", 2)]) == (domain.status(case), wanted(case))
        assert [] == domain.decide(answer("A1", number=2), case)

    def test_stays_quiet_when_the_provider_is_the_same(self) -> None:
        """Chosen again is no change of mind."""
        assert [] == domain.decide(chosen(HERE), after(*APPROVED))

    def test_waits_for_the_coverage(self) -> None:
        """Nobody asks a payer who may not be one."""
        case = after(opened(), started(), chosen())

        assert [("eligibility", 1)] == wanted(case)


class TestRecordDecision:
    @pytest.mark.parametrize("action", ["A1", "A2", "A6"])
    def test_approves_what_a_person_confirms(self, action: str) -> None:
        """A partial or modified grant becomes leave only when a person takes it as it is."""
        [fact] = told(decided(action, units=2), after(*CT))

        assert isinstance(fact, AuthorizationApproved)
        assert (2, "prov-1", "pw-1") == (fact.items[0].units, fact.items[0].provider_ref, fact.items[0].service_ref)

    @pytest.mark.parametrize(("action", "status"), [("A3", "denied"), ("NA", "not_required"), ("A4", "pended")])
    def test_records_every_other_word_of_the_payer(self, action: str, status: str) -> None:
        """What was heard by telephone stands like what was sent."""
        assert status == domain.status(after(*CT, decided(action)))

    @pytest.mark.parametrize(
        ("denied", "still_wanted"),
        [(answer("A3", number=2), [("submission", 1), ("submission", 2)]), (decided("A3"), [("submission", 2)])],
    )
    def test_of_a_denial_does_not_hold_up_the_next_request(self, denied: Any, still_wanted: Any) -> None:
        """What a person heard ends nothing at the payer: the next would wait for a request that is not withdrawn."""
        case = after(*CT, denied, resubmit())

        assert still_wanted == [effect for effect in wanted(case) if effect[0] == "submission"]

    def test_of_a_denial_that_the_payer_confirms_is_the_payers(self) -> None:
        """A denial cannot be withdrawn, so nothing must wait for that."""
        case = after(*PENDED, decided("A3"), answer("A3", number=2), resubmit())

        assert [("submission", 1), ("submission", 2)] == [
            effect for effect in wanted(case) if effect[0] == "submission"
        ]

    def test_of_a_denial_is_withdrawn_with_the_referral(self) -> None:
        """At the payer it is still open."""
        case = after(*PENDED, decided("A3"), cancelled())

        assert [] == [effect for effect in wanted(case) if effect[0] == "submission"]

    def test_settles_doubt(self) -> None:
        """The payer has it after all, as it told a person: both are told."""
        case = after(*ASKED, gave_up("submission", in_doubt=True))

        assert ["AuthorizationSubmitted", "AuthorizationApproved"] == kinds(told(decided("A1"), case))

    def test_takes_a_later_date_from_a_silent_payer(self) -> None:
        """The payer's word counts, within what is lawful."""
        case = after(*PENDED, tick(IN_A_WEEK), decided("A4", IN_A_WEEK, decision_due_at=IN_A_WEEK + timedelta(days=2)))

        assert ("await_payer_decision", "payer", "authorization", IN_A_WEEK + timedelta(days=2)) == step_of(case)

    def test_does_not_start_the_clock_of_a_silent_payer_again(self) -> None:
        """A decision still pending is overdue without a date, and a coordinator asks again the next business day."""
        silent = *PENDED, tick(IN_A_WEEK), decided("A4", IN_A_WEEK + timedelta(days=1))

        assert ("call_payer", "coordinator", "authorization", IN_A_WEEK + timedelta(days=2)) == step_of(after(*silent))
        assert ["AuthorizationNeedsPerson"] == kinds(told(decided("A4", IN_A_WEEK + timedelta(days=2)), after(*silent)))

    def test_takes_no_date_beyond_what_is_lawful_from_the_first_receipt(self) -> None:
        """However late it is stated, and however often."""
        far = {"decision_due_at": IN_A_WEEK + timedelta(days=365)}
        late = decided("A4", IN_A_WEEK + timedelta(days=1), **far), decided("A4", IN_A_WEEK + timedelta(days=9), **far)

        for history in (late[:1], late):
            step = step_of(after(*PENDED, tick(IN_A_WEEK), *history))
            assert ("await_payer_decision", "payer", "authorization", IN_A_WEEK + timedelta(days=14)) == step

    def test_counts_from_the_receipt_what_was_unclear(self) -> None:
        """The payer had the request all the time that a person read its answer."""
        assert IN_A_WEEK == domain.next_due(after(*CT, decided("A4", TUESDAY)))

    def test_of_a_pend_keeps_the_date_that_holds(self) -> None:
        """The payer had stated a date of its own, and nobody has heard another."""
        stated = answer("A4", decision_due_at=NOW + timedelta(days=3))

        assert [] == domain.decide(decided("A4", TUESDAY), after(*ASKED, stated))
        noted = after(*ASKED, stated, decided("A4", TUESDAY, certificate="sealed-number"))
        assert noted.request is not None
        assert ("sealed-number", NOW + timedelta(days=3)) == (noted.request.certificate, domain.next_due(noted))

    @pytest.mark.parametrize("again", ["A1", "A3", "NA"])
    def test_stays_quiet_when_it_is_so_already(self, again: str) -> None:
        """Recorded twice is decided once, also later."""
        case = after(*CT, decided(again))

        assert [] == domain.decide(decided(again, SOON), case)

    def test_refuses_an_approval_without_dates(self) -> None:
        """Nobody may book into a window that nobody knows."""
        for window in (None, item(until=date(2026, 1, 1)).window):
            with pytest.raises(Rejected, match="first and last day"):
                domain.decide(decided("A1", window=window), after(*CT))

    @pytest.mark.parametrize("history", [ASKED, ASKED[:2], (*APPROVED, cancelled())])
    def test_refuses_where_the_payer_cannot_have_decided(self, history: Any) -> None:
        """Nothing was asked yet, or nothing is wanted any more."""
        with pytest.raises(Rejected, match="no request"):
            domain.decide(decided("A1"), after(*history))

    def test_refuses_a_case_that_is_not_there(self) -> None:
        """Nobody decides about nothing."""
        with pytest.raises(NotFound):
            domain.decide(decided("A1"), domain.INITIAL)


class TestResubmitRequest:
    @pytest.mark.parametrize("action", ["A1", "A2", "CT", "Z9"])
    def test_replaces_what_was_answered(self, action: str) -> None:
        """A new request under a new id; the old one is withdrawn."""
        case = after(*ASKED, answer(action), resubmit())

        assert ("submitting", [("eligibility", 1), ("submission", 2)]) == (domain.status(case), wanted(case))

    def test_leaves_a_denial_where_it_is(self) -> None:
        """A denial cannot be withdrawn, so an appeal must not wait for that."""
        case = after(*DENIED, resubmit(), answer("A1", revision=2))

        assert ("approved", [("eligibility", 1), ("submission", 1), ("submission", 2)]) == (
            domain.status(case),
            wanted(case),
        )

    @pytest.mark.parametrize("history", [PENDED, ASKED[:3], (*ASKED, answer("NA"))])
    def test_refuses_while_the_payer_decides_or_nothing_was_asked(self, history: Any) -> None:
        """The payer is asked once."""
        with pytest.raises(Rejected, match="no request"):
            domain.decide(resubmit(), after(*history))

    def test_stays_quiet_while_a_request_is_on_its_way(self) -> None:
        """Two clicks are one request."""
        assert [] == domain.decide(resubmit(), after(*DENIED, resubmit()))


class TestOverrideAuthorization:
    def test_lets_the_visit_go_ahead_in_a_persons_name(self) -> None:
        """Whoever overrides is named; the request goes on behind it."""
        [fact] = told(override(), after(*PENDED))

        assert ("casey.coordinator", "because") == (fact.by.id, fact.reason.code)
        assert "await_payer_decision" == (only(domain.tasks(after(*PENDED, override()))) or fact).act

    def test_is_not_taken_back_by_a_denial(self) -> None:
        """The denial is a clinician's step, and takes nothing back."""
        case = after(*PENDED, override(), answer("A3", 2))

        assert (True, "denied") == (case.is_overridden, domain.status(case))

    @pytest.mark.parametrize("history", [APPROVED, ASKED[:1], (*ASKED, answer("NA")), (*PENDED, cancelled())])
    def test_refuses_where_nothing_stands_in_the_way(self, history: Any) -> None:
        """Leave is there, or not yet asked for, or not wanted any more."""
        with pytest.raises(Rejected, match="nothing that stands"):
            domain.decide(override(), after(*history))

    def test_refuses_a_case_that_is_not_there(self) -> None:
        """Nobody overrides nothing."""
        with pytest.raises(NotFound):
            domain.decide(override(), domain.INITIAL)

    def test_stays_quiet_when_overridden_already(self) -> None:
        """By the STAT rule or by a person."""
        assert [] == domain.decide(override(), after(*PENDED, override()))
        assert [] == domain.decide(override(), after(opened("stat"), started(), eligible()))
