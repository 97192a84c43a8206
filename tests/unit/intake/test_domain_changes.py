from datetime import datetime

import pytest

from services.intake.domain import decide
from services.intake.domain.instruction import Withdrawal
from services.intake.domain.state import UNKNOWN_PATHWAY
from services.intake.store import REFERRAL
from shared.contracts.intake import OrderChanged, Outcome, ReferralCancelled
from shared.errors import Conflict, NotFound, Rejected, Stale
from tests.support.given import given, kinds
from tests.unit.intake.telling import (
    OPEN,
    acknowledge,
    active_again,
    at,
    cancel,
    choose_pathway,
    close,
    hold,
    look,
    on_hold,
    outcome_after,
    receive,
    referral,
    report,
    revise,
    revoke,
    step_of,
    supply,
    tick,
    visit,
)


def acts(*history: object) -> list[tuple[str, datetime]]:
    """Everything that has to be done after this history, and by when."""
    return [(task.act, task.due_at) for task in REFERRAL.tasks(given(REFERRAL, *history))]


SEEN = receive(), visit(when=at(1))
READ = receive(), report(when=at(2)), acknowledge(when=at(3))


class TestReviseOrder:
    def test_gives_a_coordinator_what_differs(self) -> None:
        """The task names elements, and both versions are kept: what is acted on, and what came."""
        history = receive(), revise("/priority", "/contact/phone")
        state = referral(*history)

        assert ["OrderVersionKept", "ReviewWanted", "OrderChanged"] == kinds(decide(history[1], referral(receive())))
        assert state.review is not None
        assert (2, ("/priority", "/contact/phone")) == (state.review.order_version, state.review.elements)
        assert ("sealed-contact", "sealed-content-2") == (state.seals["contact"], state.versions[0].seals["contact"])
        assert ("review_changed_order", at(3)) in acts(*history)

    def test_takes_what_was_asked_for_as_supplied(self) -> None:
        """An EHR answers by sending the order again: nobody has to look at that."""
        history = receive(missing=("coverage",)), revise(supplied=("coverage",))
        facts = decide(history[1], referral(history[0]))

        assert ["InformationSupplied", "ReferralFoundComplete", "ContentNoted"] == kinds(facts)
        assert "in_progress" == referral(*history).situation
        assert [] == decide(revise(supplied=("coverage",), when=at(2)), referral(*history))

    def test_takes_the_one_and_gives_a_person_the_other(self) -> None:
        """What was asked for does not wait for what differs beside it."""
        history = receive(missing=("coverage",)), revise("/priority", supplied=("coverage",))

        assert "in_progress" == referral(*history).situation
        assert referral(*history).review is not None

    def test_says_that_an_authorization_may_be_void(self) -> None:
        """What the payer decides on has changed after the payer may have been asked."""
        state, early = referral(receive(), revise("/diagnoses")), receive(missing=("contact",))

        assert state.review
        assert "authorization-may-be-void" == state.review.cause
        assert "order-changed" == getattr(referral(early, revise("/diagnoses")).review, "cause", None)

    def test_collects_what_is_to_be_looked_at(self) -> None:
        """A second change while the first is not looked at is one task with both, due as the first."""
        state = referral(receive(), revise("/service"), revise("/priority", fingerprint="content-3", when=at(2)))

        assert state.review
        assert (3, ("/service", "/priority"), at(1)) == (
            state.review.order_version,
            state.review.elements,
            state.review.since,
        )
        assert "authorization-may-be-void" == state.review.cause

    def test_keeps_five_versions_and_knows_the_others(self) -> None:
        """The first is what is acted on; of the later ones the oldest goes, and is still no news."""
        changes = [revise("/notes", fingerprint=f"content-{n}", when=at(n)) for n in range(2, 9)]
        state = referral(receive(), *changes)

        assert [5, 6, 7, 8] == [version.number for version in state.versions]
        assert all([] == decide(change, state) for change in changes)

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """The same change is looked at once, also after somebody has looked."""
        assert [] == decide(revise("/priority", when=at(5)), referral(receive(), revise("/priority"), look()))
        assert [] == decide(receive(at(5)), referral(receive(), revise("/priority")))

    def test_refuses_what_would_cover_up_another_answer(self) -> None:
        """Seals made before something else was supplied do not hold it."""
        before = referral(receive(missing=("coverage", "diagnosis")), supply("diagnosis"))

        with pytest.raises(Stale):
            decide(revise(supplied=("coverage",), when=at(2)), before)

    def test_reaches_somebody_after_the_end_too(self) -> None:
        """What is closed stays closed, and yet a person hears that the order changed."""
        state = referral(*READ, revise("/priority", when=at(5)))

        assert (True, True) == (state.is_closed, state.review is not None)
        assert ["review_changed_order"] == [task.act for task in REFERRAL.tasks(state)]


class TestReviewOrder:
    @pytest.mark.parametrize("outcome", ["kept", "taken_over"])
    def test_ends_the_task(self, outcome: str) -> None:
        """All stays as it is; or the change was made by hand."""
        facts = decide(look(outcome=outcome), referral(receive(), revise("/notes")))  # type: ignore[arg-type]

        assert ["OrderReviewed"] == kinds(facts)
        assert ("complete_referral", "coordinator", at(40)) == step_of(receive(), revise("/notes"), look())

    def test_cancels_what_is_ordered_anew(self) -> None:
        """The referral is superseded by the order that comes."""
        history = receive(), revise("/service"), look(outcome="reordered")

        assert ["OrderReviewed", "EndChosen", "ReferralCancelled"] == kinds(decide(history[2], referral(*history[:2])))
        assert "superseded" == outcome_after(*history, tick(at(3)))

    def test_refuses_to_cancel_after_the_visit(self) -> None:
        """Care that was given is not undone by another order."""
        with pytest.raises(Rejected, match="was seen"):
            decide(look(outcome="reordered"), referral(*SEEN, revise("/service")))

    def test_refuses_an_older_version_than_there_is(self) -> None:
        """Whoever looked at the second has not seen the third."""
        changes = revise("/notes"), revise("/priority", fingerprint="content-3")

        with pytest.raises(Stale):
            decide(look(2), referral(receive(), *changes))
        with pytest.raises(NotFound):
            decide(look(2), referral(receive()))

    def test_stays_quiet_when_it_is_done(self) -> None:
        """Two people look; the second finds it done."""
        assert [] == decide(look(), referral(receive(), revise("/notes"), look()))


class TestRevokeOrder:
    @pytest.mark.parametrize(
        ("reason", "outcome"),
        [
            ("revoked", "cancelled_by_referrer"),
            ("entered-in-error", "entered_in_error"),
            ("superseded", "superseded"),
            ("deceased", "deceased"),
        ],
    )
    @pytest.mark.parametrize("situation", ["awaiting_information", "in_progress"])
    def test_cancels_before_the_visit(self, situation: str, reason: Withdrawal, outcome: Outcome) -> None:
        """At once, for its reason, whatever the state."""
        history = *OPEN[situation], revoke(reason)
        _, told = decide(history[-1], referral(*history[:-1]))

        assert isinstance(told, ReferralCancelled)
        assert ("referrer", reason) == (told.asked_by, told.reason.code)
        assert outcome == outcome_after(*history, tick(at(4)))

    @pytest.mark.parametrize("history", [SEEN, OPEN["awaiting_acknowledgement"], READ])
    def test_is_looked_at_after_the_visit(self, history: tuple[object, ...]) -> None:
        """The outcome stays; a coordinator hears that the order was revoked, and hears it once."""
        _, told = decide(revoke(when=at(5)), referral(*history))
        after = referral(*history, revoke(when=at(5)))

        assert isinstance(told, OrderChanged)
        assert ("/status",) == told.elements
        assert after.review
        assert ("order-revoked", referral(*history).situation) == (after.review.cause, after.situation)
        assert [] == decide(revoke(when=at(6)), after)
        assert [] == decide(revoke(when=at(7)), referral(*history, revoke(when=at(5)), look(when=at(6))))

    def test_ends_a_referral_whose_patient_has_died_after_the_visit(self) -> None:
        """Nobody is to write to them; what was closed before stays as it is."""
        assert "deceased" == outcome_after(*SEEN, revoke("deceased"), tick(at(4)))
        assert [] == decide(revoke("deceased", when=at(5)), referral(*READ))

    def test_says_that_the_patient_has_died_while_it_is_wound_down(self) -> None:
        """Whatever it was to end as: nobody is to write to them afterwards. It is said once."""
        winding_down = receive(), revoke()
        died = revoke("deceased", when=at(3))

        assert "deceased" == outcome_after(*winding_down, died, tick(at(4)))
        assert [] == decide(revoke("deceased", when=at(4)), referral(*winding_down, died))

    def test_stays_quiet_when_it_ended_already(self) -> None:
        """Cancelled, being wound down, or closed without a visit."""
        assert [] == decide(revoke(when=at(4)), referral(receive(), cancel()))
        assert [] == decide(revoke(when=at(9)), referral(receive(), close(), tick(at(8))))
        assert [] == decide(revoke(when=at(4)), referral(receive(), revoke()))


class TestHoldReferral:
    @pytest.mark.parametrize("situation", list(OPEN))
    def test_tells_the_others_and_gives_a_coordinator_a_task(self, situation: str) -> None:
        """Whatever it waits for, somebody finds out what the order waits for."""
        history = *OPEN[situation], on_hold(when=at(3))

        assert ["ReferralHeld"] == kinds(decide(history[-1], referral(*history[:-1])))
        assert ("clear_hold", at(7)) in acts(*history)
        assert referral(*history).held_at == at(3)

    def test_moves_no_due_time(self) -> None:
        """Information is still asked for, and an order still runs out."""
        before, after = (referral(*OPEN["awaiting_information"], *more) for more in ((), (on_hold(),)))

        assert (before.task, before.order_expires_at) == (after.task, after.order_expires_at)
        assert "order_expired" == outcome_after(receive(), on_hold(), tick(at(180)), tick(at(181)))

    def test_is_over_when_the_order_is_active_again(self) -> None:
        """And can come again."""
        history = receive(), on_hold(), active_again()

        assert ["ReferralResumed"] == kinds(decide(history[2], referral(*history[:2])))
        assert ("complete_referral", "coordinator", at(40)) == step_of(*history)
        assert 2 == referral(*history, on_hold(when=at(3))).holds

    def test_stays_quiet_when_it_is_so_already(self) -> None:
        """Held twice, resumed twice, or at its end."""
        assert [] == decide(on_hold(when=at(2)), referral(receive(), on_hold()))
        assert [] == decide(active_again(), referral(receive()))
        assert [] == decide(on_hold(when=at(5)), referral(receive(), cancel()))


class TestChoosePathway:
    def test_lets_the_others_begin(self) -> None:
        """Complete in all but the pathway: once a person has chosen it, the referral is complete."""
        history = receive(pathway=None), choose_pathway()

        assert ["ReferralReceived", "ContentNoted", "NumberNoted", "PathwayAwaited"] == kinds(
            decide(history[0], REFERRAL.initial)
        )
        assert UNKNOWN_PATHWAY == referral(history[0]).pathway
        assert ("choose_pathway", "coordinator", at(2)) == step_of(history[0])
        assert ["PathwayChosen", "ReferralFoundComplete"] == kinds(decide(history[1], referral(history[0])))
        assert ("in_progress", "pw-2") == (referral(*history).situation, referral(*history).pathway)

    def test_does_not_wait_for_what_is_missing(self) -> None:
        """A person may choose while the clinician still answers."""
        history = receive(pathway=None, missing=("coverage",)), choose_pathway()

        assert ["PathwayChosen"] == kinds(decide(history[1], referral(history[0])))
        assert [("supply_information", at(2)), ("choose_pathway", at(2))] == acts(history[0])
        assert "in_progress" == referral(*history, supply("coverage", when=at(2))).situation
        assert "awaiting_pathway" == referral(history[0], supply("coverage")).situation

    @pytest.mark.parametrize("when", [at(1), at(30)])
    def test_refuses_another_than_there_is(self, when: datetime) -> None:
        """A known pathway is not changed by this, nor one of a referral that ended."""
        with pytest.raises(Conflict):
            decide(choose_pathway(when=when), referral(receive()))
        with pytest.raises(Conflict):
            decide(choose_pathway(when=when), referral(receive(pathway=None), cancel()))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """The same pathway again."""
        assert [] == decide(choose_pathway(), referral(receive(pathway=None), choose_pathway()))

    def test_ends_with_the_order(self) -> None:
        """An order that nobody found a pathway for runs out, and one that is seen all the same is."""
        assert "order_expired" == outcome_after(receive(pathway=None), tick(at(180)), tick(at(181)))
        assert "awaiting_report" == referral(receive(pathway=None), hold(), visit()).situation


class TestNotBefore:
    def test_moves_by_when_it_is_needed(self) -> None:
        """What may not be before a date is not needed before it: the default counts from there."""
        state = referral(receive(not_before=at(90)))

        assert at(130) == state.needed_by

    def test_leaves_a_date_that_the_order_names(self) -> None:
        """The clinician's own date wins."""
        assert at(95) == referral(receive(not_before=at(90), needed_by=at(95))).needed_by
