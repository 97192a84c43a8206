import pytest

from services.intake.domain import allowed, decide
from shared.contracts.intake import AskedBy, Outcome, ReferralCancelled, ReferralClosed
from shared.contracts.language import Actor, Reason
from shared.errors import Conflict, Rejected
from tests.support.given import kinds
from tests.unit.intake.telling import (
    BY,
    OPEN,
    WHY,
    acknowledge,
    at,
    cancel,
    close,
    hold,
    outcome_after,
    receive,
    referral,
    release,
    report,
    step_of,
    tick,
    visit,
)


class TestCancelReferral:
    @pytest.mark.parametrize("situation", OPEN)
    def test_winds_down_and_closes(self, situation: str) -> None:
        """From any open state the others are told first, and a quarter of an hour later it is closed."""
        cancelled = *OPEN[situation], cancel(when=at(3))

        assert ["EndChosen", "ReferralCancelled"] == kinds(decide(cancelled[-1], referral(*OPEN[situation])))
        assert ("wind_down", "system", at(3, hours=0.25)) == step_of(*cancelled)
        assert outcome_after(*cancelled, tick(at(3, hours=0.25))) is not None

    def test_waits_for_a_visit_that_has_begun(self) -> None:
        """Who is with the specialist is not forgotten: the referral ends when it is known what became of the visit."""
        begun = receive(), hold(), cancel(when=at(3)), tick(at(3, hours=0.25))

        assert outcome_after(*begun, tick(at(30))) is None
        assert ("complete_referral", "coordinator", at(7, hours=0.25)) == step_of(*begun)
        assert ("return_report", "specialist", at(13)) == step_of(*begun, visit(when=at(3)))
        assert ["VisitReleased", "ReferralClosed"] == kinds(decide(release(when=at(4)), referral(*begun)))
        assert "cancelled_by_referrer" == outcome_after(*begun, release(when=at(4)))

    def test_waits_for_no_visit_that_was_given_back(self) -> None:
        """Time that was given back in time holds nothing up."""
        history = receive(), hold(), cancel(when=at(3)), release(when=at(3))

        assert outcome_after(*history) is None
        assert outcome_after(*history, tick(at(3, hours=0.25))) is not None

    @pytest.mark.parametrize(
        ("asked_by", "code", "outcome"),
        [
            ("referrer", "changed-mind", "cancelled_by_referrer"),
            ("patient", "changed-mind", "patient_declined"),
            ("payer", "changed-mind", "not_covered"),
            ("specialist", "changed-mind", "no_provider"),
            ("system", "changed-mind", "order_expired"),
            ("referrer", "deceased", "deceased"),
            ("referrer", "entered-in-error", "entered_in_error"),
            ("system", "superseded", "superseded"),
            ("referrer", "completed", "cancelled_by_referrer"),
        ],
    )
    def test_says_how_it_ended(self, asked_by: AskedBy, code: str, outcome: Outcome) -> None:
        """The reason names the outcome where it can; else who asked does."""
        command = cancel(asked_by, reason=Reason(system="throughline", code=code))

        assert outcome == outcome_after(receive(), command, tick(at(4)))

    def test_does_not_read_codes_of_other_systems(self) -> None:
        """A code means what its own system says."""
        command = cancel(reason=Reason(system="urn:example:reasons", code="deceased"))

        assert "cancelled_by_referrer" == outcome_after(receive(), command, tick(at(4)))

    def test_remembers_that_the_patient_was_seen(self) -> None:
        """Giving up on a report does not undo the visit."""
        assert "seen_no_report" == outcome_after(receive(), visit(when=at(1)), cancel(), tick(at(4)))

    def test_completes_what_is_read_while_it_winds_down(self) -> None:
        """The report came and was read: that nobody wanted it any more does not undo it."""
        history = receive(), report(when=at(2)), cancel(when=at(3)), acknowledge(when=at(3))
        [closed] = decide(tick(at(4)), referral(*history))

        assert isinstance(closed, ReferralClosed)
        assert ("completed", "r1", None) == (closed.outcome, closed.evidence_ref, closed.reason)

    @pytest.mark.parametrize("read", ["r0", "r1"])
    def test_remembers_that_no_report_was_read(self, read: str) -> None:
        """An interim note, or a final report that was corrected since, closes no loop."""
        reports = report("r0", "interim", at(1)), report("r1", when=at(1)), report("r2", when=at(2))
        history = receive(), *reports, cancel(when=at(3)), acknowledge(read, at(3)), tick(at(4))

        assert "seen_no_report" == outcome_after(*history)

    def test_keeps_an_end_that_was_named(self) -> None:
        """Who says that it was entered in error is believed, whatever was read."""
        wrong = cancel(when=at(3), reason=Reason(system="throughline", code="entered-in-error"))
        history = receive(), report(when=at(2)), wrong, acknowledge(when=at(3)), tick(at(4))

        assert "entered_in_error" == outcome_after(*history)

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """What is not wanted any more can be unwanted again, before and after the end."""
        assert [] == decide(cancel(), referral(receive(), cancel()))
        assert [] == decide(cancel(), referral(receive(), cancel(), tick(at(4))))

    def test_refuses_after_care(self) -> None:
        """A completed referral cannot be unwanted."""
        with pytest.raises(Conflict):
            decide(cancel(), referral(receive(), report(), acknowledge()))

    def test_refuses_patients_who_speak_for_others(self) -> None:
        """A patient's own link cannot cancel in the clinician's name."""
        patient = Actor(kind="patient", id="link-1")

        with pytest.raises(Rejected):
            decide(cancel("referrer", by=patient), referral(receive()))
        assert ["EndChosen", "ReferralCancelled"] == kinds(decide(cancel("patient", by=patient), referral(receive())))


class TestCloseReferral:
    def test_winds_down_before_it_closes(self) -> None:
        """Who gives up an unseen patient still gives back the slot and tells the patient."""
        _, cancelled = decide(close("denied_final"), referral(receive()))

        assert isinstance(cancelled, ReferralCancelled)
        assert "payer" == cancelled.asked_by
        assert "denied_final" == outcome_after(receive(), close("denied_final"), tick(at(5)))

    def test_tells_the_others_that_the_patient_has_died(self) -> None:
        """Whatever reason was given: they must not write to the patient. The reason is kept for the end."""
        _, cancelled = decide(close("deceased"), referral(receive()))
        [closed] = decide(tick(at(5)), referral(receive(), close("deceased")))

        assert isinstance(cancelled, ReferralCancelled)
        assert isinstance(closed, ReferralClosed)
        assert (Reason(system="throughline", code="deceased"), WHY) == (cancelled.reason, closed.reason)

    def test_closes_at_once_after_care(self) -> None:
        """There is nothing to wind down once the patient was seen; the visit is the evidence."""
        [closed] = decide(close("seen_no_report"), referral(receive(), visit(when=at(1))))

        assert isinstance(closed, ReferralClosed)
        assert ("seen_no_report", "v1") == (closed.outcome, closed.evidence_ref)

    def test_changes_how_a_winding_down_ends(self) -> None:
        """Who knows better what happened may say so until it is closed."""
        assert "deceased" == outcome_after(receive(), cancel(), close("deceased", at(3)), tick(at(4)))

    def test_is_shown_until_it_is_closed(self) -> None:
        """Another end may be named while the first is wound down, whichever that is."""
        assert "close" in allowed(referral(receive(), close("care_elsewhere")), BY, at(1))
        assert "close" not in allowed(referral(receive(), close("care_elsewhere"), tick(at(5))), BY, at(5))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """Given up is given up."""
        assert [] == decide(close(), referral(receive(), close()))
        assert [] == decide(close(), referral(receive(), close(), tick(at(5))))

    def test_refuses_what_is_closed_otherwise(self) -> None:
        """The end of a referral is told once."""
        with pytest.raises(Conflict):
            decide(close(), referral(receive(), report(), acknowledge()))

    def test_refuses_to_complete(self) -> None:
        """Only an acknowledged report completes a referral."""
        with pytest.raises(Rejected):
            decide(close("completed"), referral(receive()))

    def test_refuses_a_visit_that_nothing_proves(self) -> None:
        """A patient was seen if scheduling or a report says so."""
        with pytest.raises(Rejected):
            decide(close("seen_no_report"), referral(receive()))

    def test_refuses_while_scheduling_is_unread(self) -> None:
        """What waits unread may be the visit."""
        with pytest.raises(Rejected):
            decide(close(parked=("scheduling",)), referral(receive()))
