from datetime import datetime

import pytest

from services.intake.domain import decide
from services.intake.store import REFERRAL
from shared.contracts.intake import (
    InformationRequested,
    InformationSupplied,
)
from shared.contracts.language import Command, Priority
from shared.errors import Conflict, NotFound, Rejected, Stale
from tests.support.given import kinds
from tests.unit.intake.telling import (
    BY,
    ID,
    MONDAY,
    at,
    close,
    outcome_after,
    owed_of,
    receive,
    referral,
    report,
    step_of,
    supply,
    tick,
    undone,
    visit,
)


class TestReceiveReferral:
    def test_finds_a_whole_order_complete(self) -> None:
        """Nothing is missing, so the other services may begin at once."""
        facts = decide(receive(), REFERRAL.initial)

        assert ["ReferralReceived", "ContentNoted", "NumberNoted", "ReferralFoundComplete"] == kinds(facts)
        assert ("complete_referral", "coordinator", at(40)) == step_of(receive())

    def test_asks_for_what_is_missing(self) -> None:
        """What a referral cannot go on without is asked for in one request."""
        facts = decide(receive(missing=("coverage", "diagnosis")), REFERRAL.initial)

        requested = facts[-1]
        assert isinstance(requested, InformationRequested)
        assert ("diagnosis", "coverage") == requested.items
        assert "referrer" == requested.asked_of
        assert [("information_request", 1)] == owed_of(receive(missing=("coverage",)))

    @pytest.mark.parametrize(("priority", "days"), [("stat", 1), ("asap", 7), ("urgent", 14), ("routine", 40)])
    def test_derives_by_when_it_is_needed(self, priority: Priority, days: int) -> None:
        """An order that names no date is due by its priority, and asap is above urgent (FHIR request-priority)."""
        assert at(days) == referral(receive(priority=priority)).needed_by

    def test_keeps_the_dates_that_the_order_names(self) -> None:
        """The clinician's own dates win over any default."""
        state = referral(receive(needed_by=at(5), expires_at=at(60)))

        assert (at(5), at(60)) == (state.needed_by, state.order_expires_at)

    def test_counts_from_the_order_that_was_written_earlier(self) -> None:
        """An order that lay about has used up part of its time."""
        state = referral(receive(authored_at=at(-10)))

        assert (at(30), at(170)) == (state.needed_by, state.order_expires_at)

    def test_counts_from_now_when_the_clock_of_the_ehr_is_ahead(self) -> None:
        """An order cannot have been written after it came, yet it is told as it was written."""
        state = referral(receive(authored_at=at(3)))

        assert (at(3), at(40)) == (state.authored_at, state.needed_by)

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """The same order by any door is the same referral."""
        assert [] == decide(receive(at(1)), referral(receive()))

    def test_refuses_the_same_order_with_other_content(self) -> None:
        """An order number names one order."""
        with pytest.raises(Conflict):
            decide(receive(fingerprint="content-2"), referral(receive()))


class TestSupplyInformation:
    def test_completes_the_referral(self) -> None:
        """With the last missing item the referral goes on, on the new seals."""
        history = receive(missing=("coverage",)), supply("coverage")

        assert ["InformationSupplied", "ReferralFoundComplete"] == kinds(decide(history[1], referral(history[0])))
        assert {"contact", "clinical", "coverage"} == set(referral(*history).seals)
        assert "in_progress" == referral(*history).situation

    def test_asks_again_for_the_rest(self) -> None:
        """Half an answer leads to a new request for the other half."""
        facts = decide(supply("coverage"), referral(receive(missing=("coverage", "diagnosis"))))

        requested = facts[-1]
        assert isinstance(requested, InformationRequested)
        assert (f"{ID}-i2", ("diagnosis",)) == (requested.request_id, requested.items)

    def test_withdraws_the_request_that_was_answered(self) -> None:
        """What nobody needs any more is not wanted outside; the request for the rest is."""
        missing = receive(missing=("coverage", "diagnosis"))

        assert [("information_request", 2)] == owed_of(missing, supply("coverage"))
        assert [] == owed_of(missing, supply("coverage"), supply("diagnosis", n=2))

    def test_takes_what_is_still_missing_from_a_late_answer(self) -> None:
        """Information is welcome whichever request it answers."""
        before = referral(receive(missing=("coverage", "diagnosis")), supply("coverage"))

        supplied, _ = decide(supply("coverage", "diagnosis", n=1, based_on=2), before)

        assert isinstance(supplied, InformationSupplied)
        assert ("diagnosis",) == supplied.items

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """An answer that was taken changes nothing the second time, nor does one after the end."""
        history = receive(missing=("coverage",)), supply("coverage")

        assert [] == decide(supply("coverage"), referral(*history))
        assert [] == decide(supply("coverage"), referral(history[0], close()))

    def test_refuses_what_would_cover_up_another_answer(self) -> None:
        """Seals made before something else was supplied do not hold it: they must be made again."""
        before = referral(receive(missing=("coverage", "diagnosis")), supply("coverage"))

        with pytest.raises(Stale):
            decide(supply("diagnosis", n=1), before)

    def test_refuses_an_answer_to_nothing(self) -> None:
        """Only what was asked for can be answered."""
        with pytest.raises(NotFound):
            decide(supply("coverage", n=7), referral(receive(missing=("coverage",))))


class TestWaitingForInformation:
    @pytest.mark.parametrize(
        ("priority", "due"), [("stat", at(hours=2)), ("asap", at(1)), ("urgent", at(1)), ("routine", at(2))]
    )
    def test_waits_for_the_clinician(self, priority: Priority, due: datetime) -> None:
        """The more pressing the order, the sooner the referring clinician must answer."""
        assert ("supply_information", "clinician", due) == step_of(receive(priority=priority, missing=("contact",)))

    def test_hands_on_to_a_coordinator_when_overdue(self) -> None:
        """A clinician who does not answer in two business days is called; that stays due until it is done."""
        history = receive(missing=("contact",)), tick(at(2))

        assert ("obtain_information", "coordinator", at(3)) == step_of(*history)
        assert [] == decide(tick(at(30)), referral(*history))

    def test_hands_on_when_the_ehr_cannot_be_asked(self) -> None:
        """A request that no program can bring to the clinician is a person's at once, and only once."""
        history = receive(missing=("contact",)), undone("information_request")

        assert ("obtain_information", "coordinator", at(1, hours=1)) == step_of(*history)
        assert [] == decide(undone("information_request"), referral(*history))
        assert [] == decide(undone("information_request"), referral(receive(missing=("contact",)), supply("contact")))

    def test_starts_anew_with_each_request(self) -> None:
        """Half an answer gives the clinician time for the other half."""
        history = receive(missing=("contact", "coverage")), tick(at(2)), supply("contact", when=at(3))

        assert ("supply_information", "clinician", at(7)) == step_of(*history)

    def test_ends_when_care_happened_all_the_same(self) -> None:
        """A report makes what was missing pointless."""
        history = receive(missing=("coverage",)), report()

        assert [("report", 1)] == owed_of(*history)


class TestOrderExpiry:
    def test_cancels_an_unused_order(self) -> None:
        """An order that ran out ends the referral, and says so by its outcome."""
        history = receive(), tick(at(180))

        assert "order_expired" == outcome_after(*history, tick(at(180, hours=1)))

    def test_is_decided_at_once_when_the_order_came_too_late(self) -> None:
        """Of several things that are due, expiry comes first: nobody is called about a dead order."""
        facts = decide(tick(at(1)), referral(receive(missing=("contact",), expires_at=at(-1))))

        assert ["EndChosen", "ReferralCancelled"] == kinds(facts)

    def test_spares_an_order_that_was_used(self) -> None:
        """Once the patient was seen, the date means nothing."""
        assert [] == decide(tick(at(180)), referral(receive(), visit(), tick(at(20))))


class TestEveryCommand:
    def test_is_refused_before_the_order(self) -> None:
        """What was never received does not exist."""
        with pytest.raises(NotFound):
            decide(visit(), REFERRAL.initial)

    def test_is_refused_when_unknown(self) -> None:
        """What nobody wrote a rule for is not done."""
        with pytest.raises(Rejected):
            decide(Command(at=MONDAY, by=BY, channel="api"), referral(receive()))

    def test_lets_the_clock_pass_over_what_does_not_exist(self) -> None:
        """There is nothing to wake."""
        assert [] == decide(tick(at(1)), REFERRAL.initial)
