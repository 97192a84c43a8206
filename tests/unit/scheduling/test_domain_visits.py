"""What people and offices do with visits, and what they may do at all."""

from dataclasses import replace
from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.domain import decide
from shared.contracts.scheduling import VisitBooked, VisitFulfilled, VisitMissed
from shared.errors import Conflict, NotFound, Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    ASKED,
    BOOKED,
    CLAIMING,
    DAY,
    ENDED,
    HOUR,
    NOT_REQUIRED,
    REASON,
    SEARCHING,
    SOMEBODY,
    TUESDAY,
    answer,
    book,
    held,
    item,
    offered,
    ordered,
    outcome,
    placed,
    refused,
    say,
    slot,
    stuck,
    the,
    tick,
)

MISSED_AT = TUESDAY + 7 * DAY + HOUR


def cancel(visit_id: str = "visit-1", at: Any = TUESDAY) -> d.CancelVisit:
    """Somebody cancels the visit."""
    return say(d.CancelVisit, at, visit_id=visit_id, reason=REASON)


class TestBookVisit:
    def test_claims_the_time_named(self) -> None:
        """Intent first: an attempt, before any day is touched."""
        assert ["AttemptBegun"] == kinds(decide(book(), placed(*SEARCHING)))

    def test_lets_the_old_visit_stand_until_the_new_one_holds(self) -> None:
        """A move that fails costs nothing."""
        moving = placed(*BOOKED, book())

        assert [
            ("appointment", 1),
            ("claim", 1),
            ("claim", 2),
        ] == [(e.kind, e.revision) for e in d.wanted_effects(moving)]
        moved = the(VisitBooked, decide(held(2), moving))
        assert ("visit-2", "visit-1") == (moved.visit_id, moved.replaces)

    def test_gives_the_old_visit_back_when_the_new_one_holds(self) -> None:
        """Its time is free again."""
        moved = placed(*BOOKED, book(), held(2))

        assert [("appointment", 2), ("claim", 2)] == [(e.kind, e.revision) for e in d.wanted_effects(moved)]

    def test_makes_a_refused_move_a_coordinators(self) -> None:
        """What a person asked for is not replaced by what a program finds."""
        step = only(d.tasks(placed(*BOOKED, book(), refused(2))))

        assert step is not None
        assert ("reschedule_visit", "coordinator") == (step.act, step.owner)

    def test_takes_an_offices_own_booking_as_its_acceptance(self) -> None:
        """Who has given the patient a time has accepted."""
        facts = decide(book(8, "pr-away", "external"), placed(*ASKED, NOT_REQUIRED))

        assert ["ProviderAccepted", "AttemptBegun"] == kinds(facts)

    def test_tells_what_was_certified_for_it(self) -> None:
        """The visit names the item of the authorization that it uses."""
        approved = say(d.RecordApproval, items=(item(last=3, number=1), item(first=4, number=2)))
        booked = the(VisitBooked, decide(held(), placed(*ordered(), approved, offered(slot(7)))))

        assert 2 == booked.case_item

    @pytest.mark.parametrize(
        ("history", "command", "why"),
        [
            (ordered(), book(), "not-authorized"),
            ([*ordered(), say(d.RecordApproval, items=(item(last=3),))], book(), "not-authorized"),
            ([*ASKED, NOT_REQUIRED], book(provider_ref="pr-away"), "provider-not-accepted"),
            (SEARCHING, book(provider_ref="pr-away"), "provider-not-chosen"),
            (SEARCHING, book(-1), "in-the-past"),
            ([*BOOKED, ENDED], book(), "placement-over"),
            (BOOKED, book(9, at=MISSED_AT), "visit-began"),
            (SEARCHING, replace(book(), parked=("authorization",)), "parked"),
        ],
    )
    def test_refuses_what_is_not_allowed(self, history: list[Any], command: Any, why: str) -> None:
        """No visit without a provider who accepted, and leave for that date."""
        with pytest.raises(Rejected) as refusal:
            decide(command, placed(*history))
        assert refusal.value.code == why

    @pytest.mark.parametrize("history", [CLAIMING, BOOKED])
    def test_stays_quiet_when_that_is_the_time_already(self, history: list[Any]) -> None:
        """A second click changes nothing."""
        assert [] == decide(book(7), placed(*history))


class TestCancelVisit:
    def test_gives_the_time_back_and_seeks_another(self) -> None:
        """The referral still wants a visit."""
        assert ["VisitCancelled", "SearchBegun"] == kinds(decide(cancel(), placed(*BOOKED)))

    def test_refuses_a_visit_that_is_not_there(self) -> None:
        """Only a visit of this referral can be cancelled."""
        with pytest.raises(NotFound):
            decide(cancel("visit-9"), placed(*BOOKED))

    @pytest.mark.parametrize("history", [[*BOOKED], [*BOOKED, outcome("missed")]])
    def test_refuses_a_visit_that_has_begun(self, history: list[Any]) -> None:
        """What has begun has an outcome."""
        with pytest.raises(Conflict):
            decide(cancel(at=MISSED_AT), placed(*history))

    @pytest.mark.parametrize("history", [[*BOOKED, cancel()], [*BOOKED, book(), held(2)]])
    def test_stays_quiet_when_it_is_gone_already(self, history: list[Any]) -> None:
        """Cancelled or moved, it takes no time any more."""
        assert [] == decide(cancel(), placed(*history))


class TestRecordOutcome:
    @pytest.mark.parametrize(("by", "evidence"), [(None, "office"), (SOMEBODY, "person")])
    def test_tells_who_says_that_the_patient_was_seen(self, by: Any, evidence: str) -> None:
        """Evidence names its kind."""
        command = outcome("fulfilled", by=by) if by else outcome("fulfilled")
        fulfilled = the(VisitFulfilled, decide(command, placed(*BOOKED)))

        assert fulfilled.evidence == evidence

    def test_keeps_what_took_place(self) -> None:
        """A visit that was is not taken back outside."""
        seen = placed(*BOOKED, outcome("fulfilled"))

        assert [("appointment", 1), ("claim", 1)] == [(e.kind, e.revision) for e in d.wanted_effects(seen)]
        assert (None, None) == (only(d.tasks(seen)), d.next_due(seen))

    def test_seeks_another_time_when_first_missed(self) -> None:
        """Once happens to anybody."""
        facts = decide(outcome("missed"), placed(*BOOKED))

        assert ["VisitMissed", "SearchBegun"] == kinds(facts)
        assert 1 == the(VisitMissed, facts).count

    def test_asks_the_clinician_when_missed_again(self) -> None:
        """Twice is no chance: the ordering clinician decides."""
        again = [*BOOKED, outcome("missed"), offered(slot(14), search=2), held(2)]
        missed = placed(*again, outcome("missed", 2, TUESDAY + 15 * DAY))
        step = only(d.tasks(missed))

        assert step is not None
        assert ("decide_on_missed", "clinician") == (step.act, step.owner)
        assert missed.seeking is None

    def test_believes_evidence_that_comes_after_a_miss(self) -> None:
        """Offices correct themselves."""
        assert [
            "VisitFulfilled",
            "SeekingStopped",
        ] == kinds(decide(outcome("fulfilled"), placed(*BOOKED, outcome("missed"))))

    def test_believes_evidence_of_what_was_given_back(self) -> None:
        """Care happened. What was released is not claimed anew for it."""
        history = [*BOOKED, cancel(), ENDED]

        assert ["VisitFulfilled"] == kinds(decide(outcome("fulfilled"), placed(*history)))
        assert [] == d.wanted_effects(placed(*history, outcome("fulfilled")))

    def test_refuses_before_the_visit_has_begun(self) -> None:
        """What lies ahead has no outcome."""
        with pytest.raises(Rejected, match="begun"):
            decide(outcome("fulfilled", at=TUESDAY + DAY), placed(*BOOKED))

    def test_refuses_a_miss_of_what_was_fulfilled(self) -> None:
        """The two contradict each other."""
        with pytest.raises(Conflict):
            decide(outcome("missed"), placed(*BOOKED, outcome("fulfilled")))

    def test_refuses_a_visit_that_is_not_there(self) -> None:
        """Only a visit of this referral has an outcome here."""
        with pytest.raises(NotFound):
            decide(outcome("missed", 4), placed(*BOOKED))

    @pytest.mark.parametrize("what", ["missed", "fulfilled"])
    def test_stays_quiet_when_delivered_twice(self, what: str) -> None:
        """The same outcome again changes nothing."""
        assert [] == decide(outcome(what), placed(*BOOKED, outcome(what)))

    def test_stays_quiet_about_a_miss_of_what_is_not_wanted(self) -> None:
        """Nobody misses a visit that was cancelled."""
        assert [] == decide(outcome("missed"), placed(*BOOKED, ENDED))


class TestConfirmAppointment:
    def test_settles_the_step(self) -> None:
        """The office knows now; the patient is next."""
        history = [*BOOKED, stuck("appointment"), say(d.ConfirmAppointment, visit_id="visit-1")]

        assert only(d.tasks(placed(*history))) == only(d.tasks(placed(*BOOKED)))

    def test_refuses_a_visit_that_is_not_there(self) -> None:
        """Only a visit of this referral can be confirmed."""
        with pytest.raises(NotFound):
            decide(say(d.ConfirmAppointment, visit_id="visit-3"), placed(*BOOKED))

    def test_stays_quiet_when_nobody_asked(self) -> None:
        """A second click changes nothing."""
        assert [] == decide(say(d.ConfirmAppointment, visit_id="visit-1"), placed(*BOOKED))


class TestAllowed:
    @pytest.mark.parametrize(
        ("history", "at", "names"),
        [
            ([], TUESDAY, set()),
            (ASKED, TUESDAY, {"answer_request", "choose_provider"}),
            ([*ASKED, NOT_REQUIRED], TUESDAY, {"answer_request", "choose_provider", "book_visit"}),
            ([*ASKED, answer()], TUESDAY, {"answer_request", "choose_provider"}),
            (SEARCHING, TUESDAY, {"choose_provider", "book_visit"}),
            (BOOKED, TUESDAY, {"choose_provider", "book_visit", "cancel_visit"}),
            (BOOKED, MISSED_AT, {"record_outcome"}),
            ([*BOOKED, tick(MISSED_AT)], MISSED_AT, {"record_outcome"}),
            (
                [*BOOKED, outcome("missed", at=MISSED_AT)],
                MISSED_AT,
                {"choose_provider", "book_visit", "record_outcome"},
            ),
            (
                [*BOOKED, stuck("appointment")],
                TUESDAY,
                {"choose_provider", "book_visit", "cancel_visit", "confirm_appointment"},
            ),
            ([*BOOKED, ENDED], TUESDAY, set()),
        ],
    )
    def test_names_what_would_do_something(self, history: list[Any], at: Any, names: set[str]) -> None:
        """A button is there if, and only if, the server would do it; also what only corrects what was said before."""
        assert d.allowed(placed(*history), SOMEBODY, at) == names

    def test_shows_no_booking_while_something_waits_unread(self) -> None:
        """What allows a visit may have changed in what could not be taken in yet."""
        assert "book_visit" in d.allowed(placed(*SEARCHING), SOMEBODY, TUESDAY)
        assert "book_visit" not in d.allowed(placed(*SEARCHING), SOMEBODY, TUESDAY, parked=("authorization",))
