from datetime import timedelta
from typing import Any

import pytest

from services.notifications.domain import AnnounceVisit, EndVisit, KeepContact, StopForCancellation, StopForClosing
from services.notifications.handlers import reactions
from shared.contracts.catalogue import wire_type
from shared.contracts.envelope import Envelope, source_of
from shared.contracts.intake import InformationSupplied, ReferralCancelled, ReferralClosed, ReferralReceived
from shared.contracts.language import Command, Fact
from shared.contracts.scheduling import VisitBooked, VisitCancelled, VisitFulfilled, VisitMissed
from shared.errors import Unreadable
from shared.messaging.inbox import EventContext
from shared.sealing import SealingError
from tests.unit.notifications.patients import STARTS_AT, keyring, patient, visit
from tests.unit.notifications.running import fact_of
from tests.unit.notifications.talking import INTAKE, NOON, REFERRAL, SCHEDULING

KEYS = keyring()
LATER = NOON + timedelta(minutes=3)


def react(kind: type[Fact], by: str, **said: Any) -> Command | None:
    """What follows from hearing such a fact."""
    fact = fact_of(kind, **said)
    envelope = Envelope(source_of("demo", by), REFERRAL, 1, wire_type(kind), NOON)
    return reactions(KEYS)[kind](fact, EventContext(envelope, LATER, b""))


def contact_of(**changes: Any) -> KeepContact:
    """What is kept of an invented patient."""
    sealed = KEYS.seal("demo", "contact", patient(**changes), referral_id=REFERRAL)
    command = react(ReferralReceived, "intake", seals={"contact": sealed})
    assert isinstance(command, KeepContact)
    assert command.seal == sealed
    return command


class TestOnReferralReceived:
    @pytest.mark.parametrize(
        ("contact", "media"),
        [
            ({}, ("sms", "email")),
            ({"prefers": "email"}, ("email", "sms")),
            ({"phone": None}, ("email",)),
            ({"phone": "front desk"}, ("email",)),
            ({"email": None}, ("sms",)),
            ({"email": "robin at home", "phone": "555-593-6844"}, ("sms",)),
            ({"email": None, "phone": None}, ()),
            ({"may_text": False}, ("email",)),
        ],
    )
    def test_keeps_the_media_that_can_work_in_the_order_that_the_patient_prefers(
        self, contact: dict[str, Any], media: tuple[str, ...]
    ) -> None:
        """A number that is none counts as no number."""
        assert contact_of(**contact).media == media

    def test_keeps_no_value_of_the_contact_but_its_zone(self) -> None:
        """Name, number and address stay in the seal."""
        command = contact_of(timezone="America/Denver")
        assert command == KeepContact(
            at=LATER,
            by=INTAKE,
            channel="kafka",
            referral_id=REFERRAL,
            media=("sms", "email"),
            timezone="America/Denver",
            seal=command.seal,
        )

    def test_keeps_all_zones_that_may_be_the_patients(self) -> None:
        """Which of them it is nobody knows, so that all have to be asleep for none to be woken."""
        assert ("America/Boise", "America/Los_Angeles") == contact_of(
            timezones=("America/Boise", "America/Los_Angeles")
        ).zones

    def test_keeps_that_there_is_no_contact(self) -> None:
        """Then a person has to find out how to reach the patient."""
        command = react(ReferralReceived, "intake")
        assert isinstance(command, KeepContact)
        assert ((), None) == (command.media, command.seal)

    def test_fails_on_a_seal_that_cannot_be_opened(self) -> None:
        """The fact waits for an operator, and says nothing of what is in it."""
        with pytest.raises(SealingError):
            react(
                ReferralReceived, "intake", seals={"contact": KEYS.seal("demo", "visit", visit(), referral_id=REFERRAL)}
            )


class TestOnInformationSupplied:
    def test_keeps_a_new_contact(self) -> None:
        """A patient without a number may have one now."""
        sealed = KEYS.seal("demo", "contact", patient(email=None), referral_id=REFERRAL)
        command = react(InformationSupplied, "intake", seals={"contact": sealed})
        assert isinstance(command, KeepContact)
        assert (command.media, command.seal) == (("sms",), sealed)

    def test_does_nothing_about_anything_else(self) -> None:
        """A diagnosis is none of our business."""
        assert react(InformationSupplied, "intake", seals={"clinical": "sealed"}) is None


class TestOnVisitBooked:
    def test_hands_over_when_and_where_the_clock_is(self) -> None:
        """The instant and the zone; site, practitioner and address stay in the seal."""
        sealed = KEYS.seal("demo", "visit", visit(), referral_id=REFERRAL)
        command = react(VisitBooked, "scheduling", seals={"visit": sealed}, replaces="visit-0")
        assert command == AnnounceVisit(
            at=LATER,
            by=SCHEDULING,
            channel="kafka",
            visit_id="visit-1",
            replaces="visit-0",
            starts_at=STARTS_AT,
            timezone="America/Chicago",
            seal=sealed,
        )

    def test_refuses_a_visit_without_its_seal(self) -> None:
        """Nobody could be told when it is: an operator has to look."""
        with pytest.raises(Unreadable):
            react(VisitBooked, "scheduling")


class TestOtherReactions:
    @pytest.mark.parametrize(
        ("kind", "status"), [(VisitCancelled, "cancelled"), (VisitMissed, "missed"), (VisitFulfilled, "fulfilled")]
    )
    def test_end_the_visit(self, kind: type[Fact], status: Any) -> None:
        """Each end has its own words."""
        command = react(kind, "scheduling")
        assert command == EndVisit(at=LATER, by=SCHEDULING, channel="kafka", visit_id="visit-1", status=status)

    def test_stop_for_a_cancellation_with_its_reason(self) -> None:
        """What is said depends on why."""
        command = react(ReferralCancelled, "intake", reason={"system": "throughline", "code": "deceased"})
        assert command == StopForCancellation(at=LATER, by=INTAKE, channel="kafka", because="deceased")

    def test_stop_for_closing_with_its_outcome(self) -> None:
        """What may still be said depends on how it ended."""
        command = react(ReferralClosed, "intake", outcome="deceased")
        assert command == StopForClosing(at=LATER, by=INTAKE, channel="kafka", outcome="deceased")
