"""What payers answer, and what becomes of it when they do not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.authorization import domain
from services.authorization.domain.decide_effects import LARGEST_JUMP
from shared.contracts.authorization import AuthorizationApproved, AuthorizationDenied, AuthorizationNeedsPerson
from shared.contracts.language import Actor, Effect, Reason
from shared.effects.protocol import id_of, record_of
from shared.errors import NotFound, Rejected
from tests.support.given import kinds
from tests.unit.authorization.words import (
    APPROVED,
    ASKED,
    DENIED,
    HERE,
    IN_A_WEEK,
    NOW,
    PENDED,
    REFERRAL,
    SOON,
    THERE,
    TUESDAY,
    after,
    answer,
    cancelled,
    decided,
    gave_up,
    item,
    opened,
    step_of,
    tick,
    told,
)

WINDOW_ENDS = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)


class TestRecordPayerAnswer:
    def test_tells_that_the_payer_has_it_and_when_it_must_decide(self) -> None:
        """The first answer says that the request arrived."""
        [submitted, pended] = told(answer("A4"), after(*ASKED))

        assert ["AuthorizationSubmitted", "AuthorizationPended"] == kinds([submitted, pended])
        assert (NOW, IN_A_WEEK, "standard") == (
            submitted.received_by_payer_at,
            submitted.decision_due_at,
            submitted.urgency,
        )
        assert ("await_payer_decision", "payer", "authorization", IN_A_WEEK) == step_of(after(*PENDED))

    @pytest.mark.parametrize("priority", ["stat", "urgent", "asap"])
    def test_gives_the_payer_72_hours_when_it_is_urgent(self, priority: str) -> None:
        """CMS-0057-F: expedited requests are decided within 72 hours, which are counted as they pass."""
        [submitted, _] = told(answer("A4"), after(opened(priority), *ASKED[1:]))

        assert ("expedited", NOW + timedelta(hours=72)) == (submitted.urgency, submitted.decision_due_at)

    def test_takes_the_payers_own_date_within_what_is_lawful(self) -> None:
        """A payer may extend by 14 days, and not by a year, nor into the past."""
        stated = [
            told(answer("A4", decision_due_at=due_at), after(*ASKED))[-1].decision_due_at
            for due_at in (NOW + timedelta(days=3), NOW + timedelta(days=365), datetime(1, 1, 1, tzinfo=UTC))
        ]

        assert [NOW + timedelta(days=3), IN_A_WEEK + timedelta(days=14), NOW] == stated

    def test_does_not_believe_a_payers_clock_that_is_off(self) -> None:
        """A request is not received before it was wanted, nor after its answer."""
        late = answer("A4", received_at=NOW + timedelta(days=9), at=SOON)
        early = answer("A4", received_at=NOW - timedelta(days=9), at=SOON)

        assert [SOON, NOW] == [told(command, after(*ASKED))[0].received_by_payer_at for command in (late, early)]

    def test_approves_what_was_certified_in_total(self) -> None:
        """A1 with dates for this provider is leave to book, until the last of its windows is over."""
        [_, fact] = told(answer("A1"), after(*ASKED))

        assert isinstance(fact, AuthorizationApproved)
        assert (item(),) == fact.items
        assert ("use_authorization", "coordinator", "scheduling", WINDOW_ENDS) == step_of(after(*APPROVED))

    @pytest.mark.parametrize(
        "items",
        [
            (),
            (item(THERE),),
            (item(), item(service_ref="pw-2")),
            (item(units=0),),
            (item(until=date(2026, 3, 1)),),
        ],
        ids=["nothing", "another provider", "another service", "no units", "a window that ends before it begins"],
    )
    def test_approves_nothing_that_was_not_asked(self, items: Any) -> None:
        """An approval that does not fit the request is read by a person."""
        [_, fact] = told(answer("A1", items=items), after(*ASKED))

        assert isinstance(fact, AuthorizationNeedsPerson)
        assert "approval-does-not-fit-request" == fact.reason.code

    def test_bears_a_window_without_end(self) -> None:
        """Payers write 9999-12-31 for "until further notice"."""
        case = after(*ASKED, answer("A1", items=(item(until=date(9999, 12, 31)),)))

        assert "approved" == domain.status(case)

    def test_opens_the_ways_to_contest_a_denial(self) -> None:
        """14 days for a peer-to-peer, 65 for an appeal, with the payer's reason."""
        reason = Reason(system="urn:example:reason", code="records-insufficient")
        [_, fact] = told(answer("A3", reason=reason), after(*ASKED))

        assert isinstance(fact, AuthorizationDenied)
        assert reason == fact.reason
        peer_to_peer_until = datetime(2026, 3, 16, 14, 0, tzinfo=UTC)
        assert (peer_to_peer_until, datetime(2026, 5, 6, 14, 0, tzinfo=UTC)) == (
            fact.peer_to_peer_until,
            fact.appeal_until,
        )
        assert ("request_peer_to_peer", "clinician", "denials", peer_to_peer_until) == step_of(after(*DENIED))

    def test_needs_no_leave_when_no_action_is_required(self) -> None:
        """NA is leave to book."""
        facts = told(answer("NA"), after(*ASKED))

        assert ["AuthorizationSubmitted", "AuthorizationNotRequired"] == kinds(facts)
        assert HERE.provider_ref == facts[-1].provider_ref
        assert ("not_required", None) == (
            domain.status(after(*ASKED, answer("NA"))),
            step_of(after(*ASKED, answer("NA"))),
        )

    @pytest.mark.parametrize("action", ["A2", "A6", "C", "CT", "Z9", "", "a1", "A1 ", "APPROVED"])
    def test_has_a_person_read_everything_else(self, action: str) -> None:
        """Partial, modified, cancelled, "call us", and whatever nobody has seen: never an approval."""
        facts = told(answer(action, items=(item(),)), after(*ASKED))
        assert ["AuthorizationSubmitted", "AuthorizationNeedsPerson"] == kinds(facts)
        assert action in {"A2", "A6", "C", "CT"} or "unrecognised-answer" == facts[1].reason.code

        case = after(*ASKED, answer(action, items=(item(),)))
        assert ("review_payer_answer", "coordinator", "authorization", TUESDAY) == step_of(case)

    def test_takes_a_callback_before_the_synchronous_answer(self) -> None:
        """The decision overtakes the receipt; the receipt, when it comes, changes nothing."""
        case = after(*ASKED, answer("A1", number=2, channel="callback"))

        assert "approved" == domain.status(case)
        assert [] == domain.decide(answer("A4", number=1), case)

    @pytest.mark.parametrize("number", [1, 0])
    def test_stays_quiet_when_the_number_is_not_higher(self, number: int) -> None:
        """Repeated and reordered answers change nothing, whatever they say."""
        assert [] == domain.decide(answer("A3", number), after(*APPROVED))

    def test_refuses_a_number_that_jumps(self) -> None:
        """Whoever could take the highest number would have the last word for ever; a payer that counts may."""
        case, most = after(*DENIED), LARGEST_JUMP

        with pytest.raises(Rejected, match=f"at most {most}"):
            domain.decide(answer("A1", number=most + 2), case)
        assert ["AuthorizationApproved"] == kinds(told(answer("A1", number=most + 1), case))

    def test_takes_a_change_of_the_payers_mind(self) -> None:
        """The highest number wins: a peer-to-peer turns a denial."""
        assert ["AuthorizationApproved"] == kinds(told(answer("A1", number=2), after(*DENIED)))

    def test_takes_a_number_that_begins_with_zero(self) -> None:
        """A payer may count from nought."""
        assert "approved" == domain.status(after(*ASKED, answer("A1", number=0)))

    def test_stays_quiet_after_the_cancellation(self) -> None:
        """Nobody wants it any more; the engine withdraws it."""
        assert [] == domain.decide(answer("A1"), after(*ASKED, cancelled()))

    def test_lets_no_pend_take_back_what_a_person_recorded(self) -> None:
        """By telephone it was decided, and the payer's other channel lags behind."""
        recorded = (*ASKED, answer("CT"), decided("A1"))

        assert [] == told(answer("A4", number=2), after(*recorded))
        assert "approved" == domain.status(after(*recorded, answer("A4", number=2)))
        assert "denied" == domain.status(after(*recorded, answer("A4", number=2), answer("A3", number=3)))

    def test_refuses_what_this_payer_was_never_asked(self) -> None:
        """A request of another payer, or of nobody, does not exist."""
        stranger = Actor(kind="payer", id="bluecedar")
        for command in (answer("A1", by=stranger), answer("A1", revision=2)):
            with pytest.raises(NotFound):
                domain.decide(command, after(*ASKED))

    def test_knows_requests_by_the_ids_that_the_engine_gives_them(self) -> None:
        """Domain and engine derive the same id, so that a callback finds its request."""
        record = record_of(Effect(kind="submission", revision=1, target="alder-valley"))

        assert answer("A1").request_id == id_of(REFERRAL, record)


class TestPayerSilence:
    def test_becomes_a_call_of_ours(self) -> None:
        """When the payer's clock has run out, a coordinator calls, and a late answer still counts."""
        [fact] = told(tick(IN_A_WEEK), after(*PENDED))
        assert "payer-silent" == fact.reason.code

        case = after(*PENDED, tick(IN_A_WEEK))
        assert ("call_payer", "coordinator", "authorization", IN_A_WEEK + timedelta(days=1)) == step_of(case)
        assert ("approved", None) == (
            domain.status(after(*PENDED, tick(IN_A_WEEK), answer("A1", 2))),
            domain.next_due(case),
        )

    def test_is_not_noticed_early(self) -> None:
        """To the second."""
        assert [] == domain.decide(tick(IN_A_WEEK - timedelta(seconds=1)), after(*PENDED))


class TestPeerToPeer:
    def test_lapses_into_an_appeal(self) -> None:
        """After 14 days only the appeal is left, and it is the coordinator's."""
        until = domain.next_due(after(*DENIED))
        assert until is not None
        case = after(*DENIED, tick(until))

        assert ("appeal_or_close", "coordinator", "denials", datetime(2026, 5, 6, 14, 0, tzinfo=UTC)) == step_of(case)
        assert (["AuthorizationNeedsPerson"], None) == (
            kinds(told(tick(until), after(*DENIED))),
            domain.next_due(case),
        )


class TestUnansweredRequest:
    @pytest.mark.parametrize(("in_doubt", "code"), [(True, "submission-in-doubt"), (False, "submission-not-taken")])
    def test_goes_to_a_person_when_programs_gave_up(self, in_doubt: bool, code: str) -> None:
        """Nobody can say whether the payer has it: a coordinator asks."""
        [fact] = told(gave_up("submission", in_doubt=in_doubt), after(*ASKED))
        case = after(*ASKED, gave_up("submission", in_doubt=in_doubt))

        assert (code, "in_doubt") == (fact.reason.code, domain.status(case))
        assert ("confirm_submission", "coordinator", "authorization", TUESDAY) == step_of(case)

    def test_goes_to_a_person_within_the_hour_anyway(self) -> None:
        """Even if the engine were never to give up; and a late answer still counts."""
        assert "in_doubt" == domain.status(after(*ASKED, tick(SOON)))
        assert "approved" == domain.status(after(*ASKED, tick(SOON), answer("A1")))

    def test_stays_quiet_when_the_payer_has_it(self) -> None:
        """A payer that has the request has its clock."""
        assert [] == domain.decide(gave_up("submission", in_doubt=True), after(*PENDED))
