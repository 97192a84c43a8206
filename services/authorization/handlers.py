"""What authorization makes of what intake and scheduling tell: who pays, whom to see, and whether it came to that."""

from collections.abc import Callable, Mapping
from functools import partial

from services.authorization.domain import (
    AdoptProvider,
    CoverageOnFile,
    EndCase,
    HoldCase,
    OpenCase,
    PayerDirectory,
    Provider,
    ResumeCase,
    StartCase,
    TakeInformation,
    TakePathway,
    UseAuthorization,
)
from shared.contracts.intake import (
    InformationSupplied,
    PathwayChosen,
    ReferralCancelled,
    ReferralClosed,
    ReferralFoundComplete,
    ReferralHeld,
    ReferralReceived,
    ReferralResumed,
)
from shared.contracts.language import Fact, Reason
from shared.contracts.scheduling import ProviderChosen, VisitFulfilled
from shared.contracts.sealed import CoverageDetails
from shared.messaging.receive import Heard, Reaction
from shared.sealing import Keyring

Sealed = ReferralReceived | InformationSupplied
Opened = Callable[[Sealed, Heard], CoverageOnFile | None]


def on_referral_received(opened: Opened, fact: ReferralReceived, heard: Heard) -> OpenCase:
    """A referral opens its case."""
    return OpenCase(
        at=heard.at,
        by=heard.by,
        channel="kafka",
        referral_id=fact.referral_id,
        priority=fact.priority,
        pathway=fact.pathway,
        coverage=opened(fact, heard),
        clinical=fact.seals.get("clinical"),
    )


def on_information_supplied(opened: Opened, fact: InformationSupplied, heard: Heard) -> TakeInformation:
    """Coverage or diagnoses may be among what was supplied."""
    return TakeInformation(
        at=heard.at,
        by=heard.by,
        channel="kafka",
        referral_id=fact.referral_id,
        coverage=opened(fact, heard),
        clinical=fact.seals.get("clinical"),
    )


def on_pathway_chosen(fact: PathwayChosen, heard: Heard) -> TakePathway:
    """What is asked for is known at last."""
    return TakePathway(at=heard.at, by=heard.by, channel="kafka", pathway=fact.pathway)


def on_referral_held(_fact: ReferralHeld, heard: Heard) -> HoldCase:
    """Nobody is asked anything new; what was asked or granted stays."""
    return HoldCase(at=heard.at, by=heard.by, channel="kafka")


def on_referral_resumed(_fact: ReferralResumed, heard: Heard) -> ResumeCase:
    """It goes on."""
    return ResumeCase(at=heard.at, by=heard.by, channel="kafka")


def on_referral_found_complete(fact: ReferralFoundComplete, heard: Heard) -> StartCase:
    """Nothing is missing: the payer may be asked."""
    return StartCase(at=heard.at, by=heard.by, channel="kafka", referral_id=fact.referral_id)


def on_referral_cancelled(fact: ReferralCancelled, heard: Heard) -> EndCase:
    """What was not used is withdrawn."""
    return EndCase(
        at=heard.at,
        by=heard.by,
        channel="kafka",
        referral_id=fact.referral_id,
        ending="cancelled",
        outcome=None,
        reason=fact.reason,
    )


def on_referral_closed(fact: ReferralClosed, heard: Heard) -> EndCase:
    """The loop is closed."""
    return EndCase(
        at=heard.at,
        by=heard.by,
        channel="kafka",
        referral_id=fact.referral_id,
        ending="closed",
        outcome=fact.outcome,
        reason=fact.reason or Reason(system="throughline", code=fact.outcome),
    )


def on_provider_chosen(fact: ProviderChosen, heard: Heard) -> AdoptProvider:
    """Leave is asked for this provider at this site."""
    provider = Provider(fact.provider_ref, fact.site_ref)
    return AdoptProvider(at=heard.at, by=heard.by, channel="kafka", referral_id=fact.referral_id, provider=provider)


def on_visit_fulfilled(fact: VisitFulfilled, heard: Heard) -> UseAuthorization:
    """The patient was seen."""
    return UseAuthorization(at=heard.at, by=heard.by, channel="kafka", referral_id=fact.referral_id)


def _opened(keyring: Keyring, payers: PayerDirectory, fact: Sealed, heard: Heard) -> CoverageOnFile | None:
    """The coverage seal as it came, and who pays first; the seal is opened to see that, and for nothing else."""
    seal = fact.seals.get("coverage")
    if seal is None:
        return None
    coverage = keyring.open(
        heard.envelope.tenant,
        "coverage",
        seal,
        CoverageDetails,
        purpose="find_payer",
        referral_id=fact.referral_id,
    )
    return CoverageOnFile(
        seal, payers.policies(coverage, partial(keyring.pseudonym, heard.envelope.tenant, "coverage"))
    )


def reactions(keyring: Keyring, payers: PayerDirectory) -> Mapping[type[Fact], Reaction]:
    """What is heard, and what is done about it."""
    opened = partial(_opened, keyring, payers)
    return {
        ReferralReceived: partial(on_referral_received, opened),
        InformationSupplied: partial(on_information_supplied, opened),
        PathwayChosen: on_pathway_chosen,
        ReferralHeld: on_referral_held,
        ReferralResumed: on_referral_resumed,
        ReferralFoundComplete: on_referral_found_complete,
        ReferralCancelled: on_referral_cancelled,
        ReferralClosed: on_referral_closed,
        ProviderChosen: on_provider_chosen,
        VisitFulfilled: on_visit_fulfilled,
    }
