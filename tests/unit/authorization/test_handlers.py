"""What other services tell becomes our commands, and seals stay sealed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.platform.keys import generate_keys
from services.authorization import domain
from services.authorization.handlers import reactions
from shared.contracts.envelope import Envelope
from shared.contracts.intake import (
    InformationSupplied,
    ReferralCancelled,
    ReferralClosed,
    ReferralFoundComplete,
    ReferralReceived,
)
from shared.contracts.language import Actor, Fact, Reason
from shared.contracts.scheduling import ProviderChosen, VisitFulfilled
from shared.contracts.sealed import CoverageDetails, Policy
from shared.messaging.inbox import EventContext
from shared.sealing import Keyring, Opening, SealingError
from tests.unit.authorization.test_payers import PAYERS
from tests.unit.authorization.words import BECAUSE, NOW, REFERRAL

KEYS = generate_keys(["demo", "rival"])
OTHER_KEYS = generate_keys(["demo"])
SEALER = Keyring(KEYS["intake"])
COVERAGE = CoverageDetails(policies=(Policy(payer_name="Medicare", member_id="MEMBER-CANARY"),))


@pytest.fixture
def openings() -> list[Opening]:
    """What the audit is told."""
    return []


def react(fact: Fact, openings: list[Opening], tenant: str = "demo") -> Any:
    """Hand a fact to its reaction."""
    envelope = Envelope(f"/{tenant}/intake", f"{tenant}-{'k' * 26}", 1, "type", NOW)
    reaction = reactions(Keyring(KEYS["authorization"], openings.append), PAYERS)[type(fact)]
    return reaction(fact, EventContext(envelope, NOW, b"{}"))


def told(kind: type[Fact], **content: Any) -> Any:
    """A fact about the referral."""
    attribution = {"occurred_at": NOW, "recorded_by": Actor(kind="service", id="intake"), "channel": "api"}
    return kind(**{**attribution, "referral_id": REFERRAL, **content})


def received(**seals: str) -> Any:
    """A referral with these seals."""
    at = datetime(2026, 12, 1, tzinfo=UTC)
    when = {"authored_at": NOW, "needed_by": at, "order_expires_at": at}
    who = {"patient_ref": "pt-sample", "priority": "urgent", "pathway": "pw-1", "pathway_version": 1}
    return told(ReferralReceived, **when, **who, seals=seals)


class TestOnReferralReceived:
    def test_finds_who_pays_and_keeps_the_seals(self, openings: list[Opening]) -> None:
        """The payer may be known outside the seal, the member id may not; the opening is audited."""
        seal = SEALER.seal("demo", "coverage", COVERAGE, referral_id=REFERRAL)
        command = react(received(coverage=seal, clinical="sealed-clinical", contact="sealed-contact"), openings)

        assert isinstance(command, domain.OpenCase)
        assert ("urgent", "pw-1", "sealed-clinical") == (command.priority, command.pathway, command.clinical)
        assert command.coverage is not None
        assert (seal, "medicare") == (command.coverage.seal, command.coverage.policies[0].payer.id)
        assert "MEMBER-CANARY" not in repr(command)
        assert [("coverage", "find_payer", REFERRAL)] == [(o.audience, o.purpose, o.referral_id) for o in openings]

    def test_opens_nothing_when_there_is_no_coverage(self, openings: list[Opening]) -> None:
        """Who pays for himself has no seal to open."""
        assert (None, []) == (react(received(), openings).coverage, openings)

    @pytest.mark.parametrize("tenant", ["demo", "rival"])
    def test_cannot_take_a_seal_of_others(self, tenant: str, openings: list[Opening]) -> None:
        """A seal of another tenant or of unknown keys is not guessed at: the referral waits for an operator."""
        keys = OTHER_KEYS if tenant == "demo" else KEYS
        seal = Keyring(keys["intake"]).seal("demo", "coverage", COVERAGE, referral_id=REFERRAL)

        with pytest.raises(SealingError):
            react(received(coverage=seal), openings, tenant)


class TestOnInformationSupplied:
    def test_takes_only_what_changed(self, openings: list[Opening]) -> None:
        """Seals for others are not ours to keep."""
        supplied = told(
            InformationSupplied, request_id="r1", items=("diagnosis",), seals={"clinical": "new", "contact": "x"}
        )
        command = react(supplied, openings)

        assert isinstance(command, domain.TakeInformation)
        assert (None, "new") == (command.coverage, command.clinical)


class TestOnOthers:
    @pytest.mark.parametrize(
        ("fact", "expected"),
        [
            (told(ReferralFoundComplete), {"referral_id": REFERRAL}),
            (
                told(ReferralCancelled, asked_by="patient", reason=BECAUSE),
                {"ending": "cancelled", "outcome": None, "reason": BECAUSE},
            ),
            (
                told(ReferralClosed, outcome="care_elsewhere"),
                {
                    "ending": "closed",
                    "outcome": "care_elsewhere",
                    "reason": Reason(system="throughline", code="care_elsewhere"),
                },
            ),
            (
                told(ProviderChosen, choice=2, provider_ref="prov-1", site_ref="site-1", scheduled_by="own"),
                {"provider": domain.Provider("prov-1", "site-1")},
            ),
            (told(VisitFulfilled, visit_id="v1", evidence="office"), {"referral_id": REFERRAL}),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Fact) else "",
    )
    def test_translate_and_stop(self, fact: Fact, expected: dict[str, Any], openings: list[Opening]) -> None:
        """Each becomes one command of the moment it was taken in, in the name of who told it."""
        command = react(fact, openings)

        assert expected.items() <= vars(command).items()
        assert (NOW, "kafka", Actor(kind="service", id="intake")) == (command.at, command.channel, command.by)
