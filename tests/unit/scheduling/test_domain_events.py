"""What scheduling makes of what intake and notifications tell."""

from dataclasses import replace
from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.domain import decide
from shared.contracts.scheduling import VisitFulfilled
from shared.errors import Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    ASKED,
    AWAY,
    BOOKED,
    CLAIMING,
    DAY,
    ENDED,
    HOUR,
    HOUSE,
    NOT_REQUIRED,
    ORDER,
    REASON,
    SEARCHING,
    TUESDAY,
    answer,
    book,
    held,
    offered,
    ordered,
    outcome,
    placed,
    report,
    say,
    the,
    tick,
)


class TestTakeOrder:
    def test_waits_until_the_referral_is_complete(self) -> None:
        """Nobody is chosen for a referral that lacks information."""
        assert placed(ordered()[0]) == replace(d.INITIAL, order=ORDER, candidates=(HOUSE,))

    def test_stays_quiet_when_the_order_is_known(self) -> None:
        """One referral has one order."""
        assert [] == decide(ordered(AWAY)[0], placed(*ordered()))


class TestBeginPlacement:
    def test_chooses_our_own_who_accept_at_once(self) -> None:
        """Nobody needs to ask a provider of the house."""
        begun = decide(say(d.BeginPlacement), placed(ordered()[0]))

        assert ["PlacementBegun", "ProviderChosen", "ProviderAccepted"] == kinds(begun)

    def test_asks_the_office_of_any_other(self) -> None:
        """A specialist elsewhere says for itself whether it sees the patient."""
        begun = decide(say(d.BeginPlacement), placed(ordered(AWAY)[0]))

        assert ["PlacementBegun", "ProviderChosen", "OfficeAsked"] == kinds(begun)

    def test_asks_a_person_when_the_directory_has_nobody(self) -> None:
        """A pathway without providers is a coordinator's."""
        order = say(d.TakeOrder, order=ORDER, candidates=())
        step = only(d.tasks(placed(order, say(d.BeginPlacement))))

        assert step is not None
        assert ("choose_provider", "coordinator") == (step.act, step.owner)

    def test_stays_quiet_the_second_time(self) -> None:
        """Complete is complete."""
        assert [] == decide(say(d.BeginPlacement), placed(*ordered()))


class TestEndPlacement:
    def test_gives_back_a_visit_that_lies_ahead(self) -> None:
        """The slot, the claims and the appointment go."""
        facts = decide(ENDED, placed(*BOOKED))

        assert ["PlacementEnded", "VisitCancelled"] == kinds(facts)
        assert [] == d.wanted_effects(placed(*BOOKED, ENDED))

    @pytest.mark.parametrize("history", [ASKED, SEARCHING, CLAIMING, [*SEARCHING, offered()], BOOKED])
    def test_leaves_nothing_to_do_from_any_state(self, history: list[Any]) -> None:
        """No step, no timer, nothing owed outside."""
        ended = placed(*history, ENDED)

        assert (None, None, []) == (only(d.tasks(ended)), d.next_due(ended), d.wanted_effects(ended))

    def test_leaves_alone_a_visit_that_has_begun(self) -> None:
        """It may have taken place: its outcome is still taken."""
        ended = placed(*BOOKED, say(d.EndPlacement, TUESDAY + 7 * DAY, reason=REASON))

        assert ended.visit is not None
        assert ["VisitFulfilled"] == kinds(decide(outcome("fulfilled"), ended))

    def test_still_asks_for_the_outcome_of_a_visit_that_had_begun(self) -> None:
        """Whether there was care must not stay unknown: the payer's leave was used, or it was not."""
        begun = TUESDAY + 7 * DAY
        ended = [*BOOKED, say(d.EndPlacement, begun, reason=REASON)]
        overdue = placed(*ended, tick(begun + HOUR), tick(begun + HOUR + DAY))
        step = only(d.tasks(overdue))

        assert d.next_due(placed(*ended)) == begun + HOUR / 2
        assert step is not None
        assert ("obtain_outcome", "coordinator") == (step.act, step.owner)

    @pytest.mark.parametrize("what", ["fulfilled", "missed"])
    def test_is_settled_by_the_outcome_of_a_visit_that_had_begun(self, what: str) -> None:
        """Then nothing is left to find out, and nothing is sought anew."""
        ended = placed(*BOOKED, say(d.EndPlacement, TUESDAY + 7 * DAY, reason=REASON), outcome(what))

        assert [what] == [visit.fate for visit in ended.visits]
        assert (None, None) == (only(d.tasks(ended)), d.next_due(ended))

    def test_stays_quiet_when_cancelled_is_followed_by_closed(self) -> None:
        """Over is over."""
        assert [] == decide(say(d.EndPlacement, reason=REASON), placed(*BOOKED, ENDED))


class TestRecordReport:
    def test_proves_the_visit_that_has_begun(self) -> None:
        """A report may be the first evidence of it."""
        fulfilled = the(VisitFulfilled, decide(report(), placed(*BOOKED)))

        assert ("visit-1", "report") == (fulfilled.visit_id, fulfilled.evidence)

    def test_proves_a_visit_that_we_never_booked(self) -> None:
        """Offices book by themselves, too."""
        facts = decide(report(), placed(*SEARCHING))

        assert "visit-unbooked" == the(VisitFulfilled, facts).visit_id
        assert ["VisitFulfilled", "SeekingStopped"] == kinds(facts)

    def test_gives_back_a_visit_that_still_lies_ahead(self) -> None:
        """Who was seen already needs no second visit."""
        assert ["VisitFulfilled", "VisitCancelled"] == kinds(decide(report(TUESDAY + DAY), placed(*BOOKED)))

    def test_counts_after_the_end_too(self) -> None:
        """Care happened, whatever was decided meanwhile."""
        assert ["VisitFulfilled"] == kinds(decide(report(), placed(*BOOKED, ENDED)))

    def test_stays_quiet_when_the_patient_was_seen(self) -> None:
        """An addendum proves nothing new."""
        assert [] == decide(report(), placed(*BOOKED, report()))

    def test_stays_quiet_for_a_referral_that_nobody_told_of(self) -> None:
        """Without an order there is nothing to say."""
        assert [] == decide(report(), d.INITIAL)


DECLINED, WILL_ATTEND = (say(d.RecordContact, outcome=said) for said in ("declined", "will_attend"))
CANCELLED = say(d.CancelVisit, visit_id="visit-1", reason=REASON)


class TestRecordContact:
    @pytest.mark.parametrize(
        ("wish", "act"), [("wants_other_time", "reschedule_visit"), ("declined", "resolve_declined_visit")]
    )
    def test_makes_a_patients_wish_a_coordinators(self, wish: str, act: str) -> None:
        """What a patient cannot do by message, a person does."""
        step = only(d.tasks(placed(*BOOKED, say(d.RecordContact, outcome=wish))))

        assert step is not None
        assert (step.act, step.owner) == (act, "coordinator")

    def test_is_settled_by_a_patient_who_will_come(self) -> None:
        """Second thoughts count."""
        history = [*BOOKED, *(say(d.RecordContact, outcome=o) for o in ("declined", "will_attend"))]

        assert only(d.tasks(placed(*history))) == only(d.tasks(placed(*BOOKED)))

    @pytest.mark.parametrize("wish", ["no_answer", "informed", "will_attend"])
    def test_stays_quiet_when_nothing_is_wanted(self, wish: str) -> None:
        """Most calls change nothing here."""
        assert [] == decide(say(d.RecordContact, outcome=wish), placed(*BOOKED))

    @pytest.mark.parametrize("history", [SEARCHING, CLAIMING, [*SEARCHING, offered()], [*BOOKED, CANCELLED]])
    def test_seeks_nothing_for_a_patient_who_will_not_come(self, history: list[Any]) -> None:
        """Also without a visit: a coordinator helps first, and the search goes on when the patient thinks again."""
        declined = placed(*history, DECLINED)
        step = only(d.tasks(declined))

        assert step is not None
        assert ("resolve_declined_visit", None, "declined") == (step.act, declined.seeking, d.status(declined))
        assert isinstance(placed(*history, DECLINED, WILL_ATTEND).seeking, d.Searching)

    def test_keeps_a_refusal_while_others_act(self) -> None:
        """What an office says or takes back changes nothing of what the patient wants."""
        cancelled = placed(*BOOKED, DECLINED, CANCELLED)
        accepted = placed(*ASKED, NOT_REQUIRED, DECLINED, answer())
        refused = placed(*ASKED, DECLINED, answer(accepted=False))

        assert [True] * 3 == [state.is_declined for state in (cancelled, accepted, refused)]
        assert [None] * 3 == [state.seeking for state in (cancelled, accepted, refused)]

    def test_lets_a_person_book_for_a_patient_who_declined(self) -> None:
        """Whoever names a time has spoken with the patient."""
        state = placed(*SEARCHING, DECLINED, book(), held())

        assert (True, ()) == (state.visit is not None, state.handed)

    def test_stays_quiet_without_a_visit(self) -> None:
        """There is no time to change, and one is sought."""
        assert [] == decide(say(d.RecordContact, outcome="wants_other_time"), placed(*SEARCHING))

    def test_is_kept_when_it_comes_first(self) -> None:
        """A word of the patient's may overtake the order."""
        assert placed(DECLINED, *SEARCHING).is_declined

    def test_stays_quiet_when_it_is_over(self) -> None:
        """Nothing is to be booked."""
        assert [] == decide(DECLINED, placed(*BOOKED, ENDED))


class TestDecide:
    def test_refuses_what_it_does_not_know(self) -> None:
        """Refuse by default."""
        with pytest.raises(Rejected, match="does not know"):
            decide(say(d.calendar_day.ReleaseReservation, placement_id="", attempt=1), d.INITIAL)

    @pytest.mark.parametrize("history", [SEARCHING, CLAIMING, BOOKED, [*BOOKED, answer()], [*BOOKED, book()]])
    def test_does_nothing_before_anything_is_due(self, history: list[Any]) -> None:
        """A tick too many changes nothing."""
        assert [] == decide(tick(TUESDAY), placed(*history))
