"""A seal opens for the referral and as the content that it was made for, whoever can write to database or broker."""

import pytest

from deploy.platform.keys import generate_keys
from services.authorization.gateways.answers import Certificate, PayerMessage
from services.intake.domain.order import ClinicalWithOrigin, Identifier, ReportDocument
from shared.contracts.sealed import (
    Clinical,
    Coding,
    Contact,
    Content,
    CoverageDetails,
    Logistics,
    VisitDetails,
)
from shared.sealing import Keyring, SealingError, counting_refusals
from shared.telemetry import Metrics
from tests.unit.notifications.patients import visit

ADA, BOB = "demo-ada", "demo-bob"
ORDER = Identifier(system="urn:s", value="1")
EACH: dict[str, list[Content]] = {
    "contact": [Contact(given="Zephyrine", family="Quillfeather")],
    "clinical": [
        ClinicalWithOrigin(service=Coding(system="urn:s", code="s"), order=ORDER, mrn=ORDER),
        ReportDocument(document_ref="https://office.example/1.pdf"),
    ],
    "coverage": [CoverageDetails(), Certificate(reference="CERT-1"), PayerMessage(text="See the letter.")],
    "logistics": [Logistics()],
    "visit": [visit()],
}
"""All that is sealed, by audience."""
ALL = [pytest.param(audience, content, id=content.sealed_as) for audience, of in EACH.items() for content in of]
KEYS = {"keys": [jwk for ring in generate_keys(["demo"]).values() for jwk in ring["keys"]]}
RING = Keyring(KEYS)


@pytest.mark.parametrize(("audience", "content"), ALL)
def test_opens_for_its_own_referral(audience: str, content: Content) -> None:
    """As what it is."""
    sealed = RING.seal("demo", audience, content, referral_id=ADA)

    assert content == RING.open("demo", audience, sealed, type(content), purpose="test", referral_id=ADA)


@pytest.mark.parametrize(("audience", "content"), ALL)
def test_does_not_open_for_another_referral(audience: str, content: Content) -> None:
    """Ada's seal in Bob's referral: his visit would be texted to her."""
    sealed = RING.seal("demo", audience, content, referral_id=ADA)

    with pytest.raises(SealingError, match="moved"):
        RING.open("demo", audience, sealed, type(content), purpose="test", referral_id=BOB)


@pytest.mark.parametrize(
    ("audience", "content", "other"),
    [
        ("coverage", Certificate(reference="CERT-1"), CoverageDetails),
        ("coverage", CoverageDetails(), Certificate),
        ("clinical", EACH["clinical"][0], ReportDocument),
        ("clinical", EACH["clinical"][1], Clinical),
    ],
)
def test_does_not_open_as_other_content(audience: str, content: Content, other: type[Content]) -> None:
    """A model whose fields all have defaults would take anything for an empty one of its own."""
    sealed = RING.seal("demo", audience, content, referral_id=ADA)

    with pytest.raises(SealingError, match="moved"):
        RING.open("demo", audience, sealed, other, purpose="test", referral_id=ADA)


def test_opens_to_an_audience_as_what_it_needs_of_it() -> None:
    """Authorization reads of the clinical seal what the published language says, and no more."""
    sealed = RING.seal("demo", "clinical", EACH["clinical"][0], referral_id=ADA)

    assert "s" == RING.open("demo", "clinical", sealed, Clinical, purpose="test", referral_id=ADA).service.code


def test_kinds_of_content_have_names_of_their_own() -> None:
    """Two that share one could stand for each other. Names are written in seals, and never change."""
    assert len(_kinds()) == len({kind.sealed_as for kind in _kinds()})
    assert {content.sealed_as for of in EACH.values() for content in of} <= {kind.sealed_as for kind in _kinds()}


def test_a_refusal_is_counted() -> None:
    """By audience and reason: a seal that was moved has no innocent cause, and somebody should look."""
    metrics = Metrics()
    ring = Keyring(KEYS, refused=counting_refusals(metrics.seal_refusals))
    sealed = ring.seal("demo", "visit", visit(), referral_id=ADA)
    with pytest.raises(SealingError):
        ring.open("demo", "visit", sealed, VisitDetails, purpose="test", referral_id=BOB)

    assert b'throughline_seal_refusals_total{audience="visit",reason="moved"} 1.0' in metrics.exposition()


def _kinds() -> set[type[Content]]:
    """All of the program; tests have some of their own."""
    return {kind for kind in Content.__subclasses__() if not kind.__module__.startswith("tests.")}
