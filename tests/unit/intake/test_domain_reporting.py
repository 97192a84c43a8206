"""Reports that may be somebody else's: kept until a person, or the visit that is heard of later, says that they fit."""

from collections.abc import Iterable

import pytest

from services.intake.domain import allowed, decide
from services.intake.domain.commands import MatchReport
from services.intake.store import REFERRAL
from shared.contracts.intake import ConsultReportReceived
from shared.contracts.language import Task
from shared.errors import Conflict, NotFound, Rejected
from tests.support.given import kinds
from tests.unit.intake.telling import (
    BY,
    acknowledge,
    as_told,
    at,
    cancel,
    choose,
    hold,
    match,
    receive,
    referral,
    release,
    report,
    tick,
    visit,
)

UNSENT = receive(), report(when=at(1))
WRONG = receive(), choose(), report(when=at(1), whom="other")


def the_told(facts: Iterable[object]) -> ConsultReportReceived:
    """The one report that is told."""
    [told] = [fact for fact in facts if isinstance(fact, ConsultReportReceived)]
    return told


def to_match(*history: object) -> list[Task]:
    """The tasks about reports that are kept."""
    return [task for task in REFERRAL.tasks(as_told(*history)) if task.act == "match_report"]


class TestRecordReport:
    @pytest.mark.parametrize(("history", "cause"), [(UNSENT, "never-sent"), (WRONG, "other-patient")])
    def test_keeps_what_may_be_somebody_elses(self, history: tuple[object, ...], cause: str) -> None:
        """It counts for nothing and is delivered to nobody; a coordinator has one business day."""
        state = as_told(*history)
        [task] = to_match(*history)

        assert ("in_progress", (), []) == (state.situation, state.reports, REFERRAL.wanted_effects(state))
        assert ("coordinator", "reports", at(2)) == (task.owner, task.queue, task.due_at)
        assert (("r1",), cause) == (task.about, task.cause and task.cause.code)
        assert state.evidence_of_care is None
        assert "match_report" in allowed(state, BY, at(2))

    @pytest.mark.parametrize("known", [choose(), hold(when=at(0)), visit(when=at(0))], ids=["chosen", "booked", "seen"])
    def test_applies_what_may_be_the_first_sign_of_the_visit(self, known: object) -> None:
        """Somebody was chosen, or a visit is known: it needs no more, and names no visit that must be known."""
        state = as_told(receive(), known, report(visit_id="booked-outside"))

        assert "awaiting_acknowledgement" == state.situation
        assert [] == to_match(receive(), known, report(visit_id="booked-outside"))

    def test_keeps_another_patients_in_any_state(self) -> None:
        """Also after the end, and however much is known."""
        histories = (visit(),), (cancel(), tick(at(4))), (report("r0"), acknowledge("r0"))

        for history in histories:
            assert ["ReportKept"] == kinds(decide(report(whom="other"), referral(receive(), *history)))

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """Kept or set aside, it is the same report; another under its id is refused."""
        for state in (as_told(*UNSENT), as_told(*UNSENT, match(outcome="belongs_elsewhere"))):
            assert [] == decide(report(), state)
            with pytest.raises(Conflict):
                decide(report(content="corrected"), state)

    def test_refuses_a_flood_of_what_is_kept(self) -> None:
        """Kept reports take room, too."""
        flood = [report(f"r{n}", whom="other") for n in range(50)]

        with pytest.raises(Rejected):
            decide(report("r50"), referral(receive(), *flood))


class TestMatchReport:
    @pytest.mark.parametrize("history", [UNSENT, WRONG])
    def test_applies_the_report(self, history: tuple[object, ...]) -> None:
        """It is told as matched by a person, delivered, and waited for as any other."""
        told = the_told(decide(match(), as_told(*history)))
        state = as_told(*history, match())

        assert ("person", "r1") == (told.matched_by, told.report_id)
        assert "awaiting_acknowledgement" == state.situation
        assert [("report", 1)] == [(effect.kind, effect.revision) for effect in REFERRAL.wanted_effects(state)]
        assert [] == to_match(*history, match())

    def test_sets_it_aside(self) -> None:
        """Nobody waits for it any more, and nothing is told of it."""
        state = as_told(*WRONG, match(outcome="belongs_elsewhere"))

        assert ["ReportSetAside"] == kinds(decide(match(outcome="belongs_elsewhere"), as_told(*WRONG)))
        assert ([], []) == (to_match(*WRONG, match(outcome="belongs_elsewhere")), REFERRAL.wanted_effects(state))
        assert "match_report" not in allowed(state, BY, at(2))

    def test_takes_back_what_was_set_aside_and_not_what_was_applied(self) -> None:
        """What was delivered cannot be called back."""
        aside = as_told(*WRONG, match(outcome="belongs_elsewhere"))

        assert ["ReportMatched", "ReportFiled", "ConsultReportReceived"] == kinds(decide(match(), aside))
        with pytest.raises(Conflict):
            decide(match(outcome="belongs_elsewhere"), as_told(*WRONG, match()))

    def test_stays_quiet_when_asked_twice(self) -> None:
        """Decided is decided."""
        assert [] == decide(match(), as_told(*WRONG, match()))
        assert [] == decide(match(outcome="belongs_elsewhere"), as_told(*WRONG, match(outcome="belongs_elsewhere")))

    def test_refuses_what_does_not_exist_and_what_gives_no_reason(self) -> None:
        """Only a report that is kept can be matched."""
        with pytest.raises(NotFound):
            decide(match("r7"), as_told(*WRONG))
        with pytest.raises(Rejected):
            decide(MatchReport(**{**vars(match(outcome="belongs_elsewhere")), "reason": None}), as_told(*WRONG))

    def test_refuses_an_interim_report_after_the_final_one(self) -> None:
        """Whoever applies the final report first has to set the interim one aside."""
        history = receive(), report("r0", "interim", at(1)), report("r1", when=at(1)), match("r1")

        with pytest.raises(Conflict, match="addendum"):
            decide(match("r0"), as_told(*history))
        assert ["ReportSetAside"] == kinds(decide(match("r0", "belongs_elsewhere"), as_told(*history)))

    def test_stays_with_a_person_after_the_end(self) -> None:
        """That it is closed does not say whose report it is."""
        closed = *UNSENT, cancel(), tick(at(4))

        assert as_told(*closed).is_closed
        assert 1 == len(to_match(*closed))
        assert ["ReportMatched", "ReportFiled", "ConsultReportReceived"] == kinds(decide(match(), as_told(*closed)))


class TestVisitsHeardOfLater:
    def test_settle_whose_report_it_is(self) -> None:
        """A report that overtook scheduling's story needs no person, once the visit that it names is heard of."""
        early = receive(), report(visit_id="v1", when=at(1))
        for heard in (hold("v1"), visit("v1")):
            told = the_told(decide(heard, as_told(*early)))
            assert ("visit_id", "v1") == (told.matched_by, told.visit_id)
            assert [] == to_match(*early, heard)

    def test_settle_no_interim_report_after_the_final_one(self) -> None:
        """Of two that were kept for one visit, in the order in which they came."""
        final = report("r1", visit_id="v1", when=at(1))
        interim = report("r2", kind="interim", visit_id="v1", when=at(2))
        heard = hold("v1")

        assert "r1" == the_told(decide(heard, as_told(receive(), final, interim))).report_id
        assert [("r2",)] == [task.about for task in to_match(receive(), final, interim, heard)]
        both = [fact.kind for fact in decide(heard, as_told(receive(), interim, final)) if hasattr(fact, "kind")]
        assert ["interim", "final"] == both

    def test_settle_nothing_else(self) -> None:
        """Another visit, another patient, or what a person set aside stays as it is."""
        named = report(visit_id="v1", when=at(1))
        other = report(visit_id="v1", when=at(1), whom="other")

        assert 1 == len(to_match(receive(), named, hold("v2"), release("v2")))
        assert 1 == len(to_match(receive(), other, hold("v1"), visit("v1")))
        assert ["VisitHeld"] == kinds(decide(hold("v1"), as_told(receive(), named, match(outcome="belongs_elsewhere"))))
