from datetime import timedelta

from services.intake.domain import Chosen, Referral, State
from services.intake.handlers import reactions
from services.intake.store import REFERRAL
from shared.contracts.envelope import Envelope, source_of
from shared.contracts.language import Actor, Fact, Reason
from shared.contracts.scheduling import ProviderChosen, VisitBooked, VisitCancelled, VisitFulfilled, VisitMissed
from shared.messaging.inbox import EventContext
from tests.support.given import given
from tests.support.tasks import only
from tests.unit.intake.telling import ID, MONDAY, at, receive, referral

TOLD = {"occurred_at": at(7), "recorded_by": Actor(kind="service", id="scheduling"), "channel": "kafka"}
WHY = Reason(system="throughline", code="patient-asked")


def booked(visit_id: str = "v1") -> VisitBooked:
    """A visit holds its resources."""
    visit = {"visit_id": visit_id, "booked_by": "own", "provider_ref": "pr", "site_ref": "st", "seals": {}}
    return VisitBooked.model_validate({**TOLD, "referral_id": ID, **visit})


def after(*facts: Fact) -> State:
    """The referral after scheduling told these facts, heard an hour later than they happened."""
    state: State = given(REFERRAL, receive())
    for sequence, fact in enumerate(facts, 1):
        when = fact.occurred_at + timedelta(hours=1)
        envelope = Envelope(source_of("demo", "scheduling"), ID, sequence, fact.TYPE, when)
        command = reactions()[type(fact)](fact, EventContext(envelope, when, b""))
        assert command
        for following in REFERRAL.decide(command, state):
            state = REFERRAL.evolve(state, following)
    return state


def chosen(choice: int, provider_ref: str) -> ProviderChosen:
    """A provider is chosen, for the nth time."""
    what = {"choice": choice, "provider_ref": provider_ref, "site_ref": "st", "scheduled_by": "own"}
    return ProviderChosen.model_validate({**TOLD, "referral_id": ID, **what})


class TestReactions:
    def test_the_last_choice_counts(self) -> None:
        """Whose report is expected is known, also when the one before declined."""
        state = after(chosen(1, "pr-1"), chosen(2, "pr-2"))

        assert isinstance(state, Referral)
        assert Chosen(2, "pr-2", "st") == state.chosen

    def test_a_choice_of_before_changes_nothing(self) -> None:
        """A second copy, or one that comes late, is no news."""
        assert after(chosen(2, "pr-2"), chosen(1, "pr-1")) == after(chosen(2, "pr-2")) != after()

    def test_a_booked_visit_stands_under_the_order(self) -> None:
        """While it stands, the order does not expire."""
        assert REFERRAL.next_due(after(booked())) is None

    def test_a_visit_that_will_not_be_stands_no_more(self) -> None:
        """Cancelled or missed: the order may expire again."""
        cancelled = VisitCancelled.model_validate({**TOLD, "referral_id": ID, "visit_id": "v1", "reason": WHY})
        missed = VisitMissed.model_validate({**TOLD, "referral_id": ID, "visit_id": "v1", "count": 1})

        expires_at = referral(receive()).order_expires_at
        assert [expires_at] * 2 == [REFERRAL.next_due(after(booked(), off)) for off in (cancelled, missed)]

    def test_a_fulfilled_visit_owes_its_report_from_the_day_it_happened(self) -> None:
        """However late we hear of it, the specialist's time began with the visit."""
        fulfilled = VisitFulfilled.model_validate({**TOLD, "referral_id": ID, "visit_id": "v1", "evidence": "office"})

        step = only(REFERRAL.tasks(after(booked(), fulfilled)))

        assert step
        assert ("return_report", MONDAY + timedelta(days=17)) == (step.act, step.due_at)
