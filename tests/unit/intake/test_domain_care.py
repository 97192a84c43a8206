import pytest

from services.intake.domain import decide
from shared.contracts.intake import ReferralClosed
from shared.errors import Conflict, NotFound, Rejected
from tests.support.given import kinds
from tests.unit.intake.telling import (
    OPEN,
    acknowledge,
    at,
    cancel,
    hold,
    outcome_after,
    owed_of,
    receive,
    referral,
    release,
    report,
    step_of,
    tick,
    undone,
    visit,
)


class TestRecordVisit:
    def test_waits_for_the_report(self) -> None:
        """The specialist owes a report from the moment of the visit."""
        assert ("return_report", "specialist", at(17)) == step_of(receive(), visit(when=at(7)))

    def test_waits_less_when_it_is_pressing(self) -> None:
        """A pressing referral needs its report within days."""
        assert ("return_report", "specialist", at(10)) == step_of(receive(priority="stat"), visit(when=at(7)))

    def test_hands_on_to_a_coordinator_when_overdue(self) -> None:
        """A report that does not come is chased: three business days from then."""
        assert ("chase_report", "coordinator", at(22)) == step_of(receive(), visit(when=at(7)), tick(at(17)))

    def test_overrules_a_cancellation(self) -> None:
        """Care happened: a report is owed after all."""
        assert "awaiting_report" == referral(receive(), cancel(), visit(when=at(3))).situation

    def test_waits_for_no_report_that_is_there(self) -> None:
        """After a cancellation that came after the final report, it has only to be read, which completes it."""
        history = receive(), report(when=at(2)), cancel(when=at(3)), visit(when=at(1))

        assert "awaiting_acknowledgement" == referral(*history).situation
        assert ("acknowledge_report", "clinician", at(8, hours=0.25)) == step_of(*history)
        assert "completed" == outcome_after(*history, acknowledge())

    def test_leaves_the_end_alone_when_the_report_was_read(self) -> None:
        """Nobody owes anything any more."""
        history = receive(), report(when=at(2)), cancel(when=at(3)), acknowledge(when=at(3)), visit(when=at(1))

        assert ("wind_down", "system", at(3, hours=0.25)) == step_of(*history)

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """Seen is seen, also after the end."""
        assert [] == decide(visit(), referral(receive(), visit()))
        assert [] == decide(visit(), referral(receive(), report(), acknowledge()))


class TestHoldForVisit:
    def test_keeps_the_order_alive(self) -> None:
        """An order under which a visit stands does not expire; once the visit is gone, it does."""
        booked = receive(), hold(when=at(179))

        assert [] == decide(tick(at(180)), referral(*booked))
        assert ["EndChosen", "ReferralCancelled"] == kinds(
            decide(tick(at(181)), referral(*booked, release(when=at(181))))
        )

    def test_keeps_it_alive_for_the_visit_that_replaces_another(self) -> None:
        """A visit that was moved stands; that the old one is gone means nothing."""
        moved = receive(), hold("v1"), hold("v2"), release("v1")

        assert [] == decide(tick(at(180)), referral(*moved))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """The same visit stands once, and none stands after the end."""
        assert [] == decide(hold(), referral(receive(), hold()))
        assert [] == decide(release(), referral(receive()))
        assert [] == decide(hold(), referral(receive(), report(), acknowledge()))


class TestRecordReport:
    def test_waits_for_the_clinician(self) -> None:
        """The final report is delivered, and read within three business days."""
        history = receive(), visit(when=at(1)), report(when=at(2))

        assert ("acknowledge_report", "clinician", at(7)) == step_of(*history)
        assert [("report", 1)] == owed_of(*history)

    def test_hands_on_to_a_coordinator_when_overdue(self) -> None:
        """A report that nobody acknowledges becomes a call, two business days from then."""
        assert ("obtain_acknowledgement", "coordinator", at(9)) == step_of(receive(), report(when=at(2)), tick(at(7)))

    @pytest.mark.parametrize("situation", OPEN)
    def test_may_be_the_first_evidence_of_the_visit(self, situation: str) -> None:
        """Whatever was waited for, a final report is to be read."""
        assert "awaiting_acknowledgement" == referral(*OPEN[situation], report("r2", when=at(3))).situation

    @pytest.mark.parametrize("kind", ["interim", "addendum"])
    def test_waits_on_after_what_is_not_final(self, kind: str) -> None:
        """An interim note proves the visit and is passed on, but does not end the wait."""
        history = receive(), report(kind=kind, when=at(1))  # type: ignore[arg-type] # parametrized

        assert ("return_report", "specialist", at(11)) == step_of(*history)
        assert [("report", 1)] == owed_of(*history)

    def test_is_told_and_delivered_after_the_end(self) -> None:
        """An addendum reaches the clinician, and what is closed stays closed."""
        history = receive(), report(), acknowledge(), report("r2", "addendum", at(30))

        assert "completed" == outcome_after(*history)
        assert [("report", 1), ("report", 2)] == owed_of(*history)
        assert ["ReportAcknowledged"] == kinds(decide(acknowledge("r2"), referral(*history)))

    def test_is_a_persons_when_the_ehr_cannot_be_reached(self) -> None:
        """A report that no program can deliver is brought by a coordinator, until the clinician has read it."""
        history = receive(), report(when=at(2)), undone("report", when=at(3))

        assert ("deliver_report", "coordinator", at(4)) == step_of(*history)
        assert step_of(*history, acknowledge()) is None
        assert [] == decide(undone("report"), referral(*history, acknowledge()))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """One report id is one report."""
        assert [] == decide(report(when=at(20)), referral(receive(), report()))

    def test_refuses_an_interim_report_after_the_final_one(self) -> None:
        """It would tell less than what is known; an addendum, or the same interim report again, is welcome."""
        history = receive(), report("r0", "interim"), report("r1", "final")

        with pytest.raises(Conflict, match="addendum"):
            decide(report("r2", "interim"), referral(*history))
        assert [] == decide(report("r0", "interim"), referral(*history))
        assert decide(report("r2", "addendum"), referral(*history))

    def test_refuses_the_same_report_with_other_content(self) -> None:
        """A correction is a report of its own."""
        with pytest.raises(Conflict):
            decide(report(content="corrected"), referral(receive(), report()))

    def test_refuses_a_flood(self) -> None:
        """No referral has fifty-one reports."""
        flood = [report(f"r{n}", "interim") for n in range(50)]

        with pytest.raises(Rejected):
            decide(report("r50", "interim"), referral(receive(), *flood))


class TestAcknowledgeReport:
    def test_closes_the_loop(self) -> None:
        """With the report read, the referral is completed, and the report is the evidence."""
        acknowledged, closed = decide(acknowledge(), referral(receive(), visit(), report()))

        assert ["ReportAcknowledged", "ReferralClosed"] == kinds([acknowledged, closed])
        assert isinstance(closed, ReferralClosed)
        assert ("completed", "r1") == (closed.outcome, closed.evidence_ref)
        assert step_of(receive(), visit(), report(), acknowledge()) is None

    def test_leaves_open_what_waits_for_another_report(self) -> None:
        """Reading an interim note, or a final report that was corrected since, does not complete the referral."""
        interim = receive(), report("r1", "interim")
        corrected = receive(), report("r1"), report("r2")

        assert ["ReportAcknowledged"] == kinds(decide(acknowledge("r1"), referral(*interim)))
        assert ["ReportAcknowledged"] == kinds(decide(acknowledge("r1"), referral(*corrected)))
        assert "completed" == outcome_after(*corrected, acknowledge("r2"))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """Read is read."""
        assert [] == decide(acknowledge(), referral(receive(), report(), acknowledge()))

    def test_refuses_what_does_not_exist(self) -> None:
        """Only a report that came can be acknowledged."""
        with pytest.raises(NotFound):
            decide(acknowledge("r7"), referral(receive(), report()))


class TestForeignFacts:
    @pytest.mark.parametrize("kind", ["interim", "final"])
    def test_end_the_same_in_any_order(self, kind: str) -> None:
        """Scheduling's story and the report may come in any interleaving."""
        story = [hold("v1", at(1)), release("v1", at(1)), hold("v2", at(1)), visit("v2", at(2))]
        told = report(kind=kind, when=at(3))  # type: ignore[arg-type] # parametrized

        ends = {repr(referral(receive(), *story[:n], told, *story[n:])) for n in range(len(story) + 1)}

        assert 1 == len(ends)

    def test_end_the_same_around_a_cancellation(self) -> None:
        """A visit that was booked before or after the cancellation, and took place, leads to the same wait."""
        cancelled = cancel(when=at(3))
        histories = [hold(), cancelled, visit(when=at(3))], [cancelled, hold(), visit(when=at(3))]

        assert 1 == len({repr(referral(receive(), *history)) for history in histories})
        assert ("return_report", "specialist", at(13)) == step_of(receive(), *histories[0])
