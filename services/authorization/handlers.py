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
from shared.messaging.inbox import EventContext, Reaction
from shared.sealing import Keyring

Sealed = ReferralReceived | InformationSupplied
Opened = Callable[[Sealed, EventContext], CoverageOnFile | None]


def on_referral_received(opened: Opened, fact: ReferralReceived, context: EventContext) -> OpenCase:
    """A referral opens its case."""
    return OpenCase(
        at=context.at,
        by=context.by,
        channel="kafka",
        referral_id=fact.referral_id,
        priority=fact.priority,
        pathway=fact.pathway,
        coverage=opened(fact, context),
        clinical=fact.seals.get("clinical"),
    )


def on_information_supplied(opened: Opened, fact: InformationSupplied, context: EventContext) -> TakeInformation:
    """Coverage or diagnoses may be among what was supplied."""
    return TakeInformation(
        at=context.at,
        by=context.by,
        channel="kafka",
        referral_id=fact.referral_id,
        coverage=opened(fact, context),
        clinical=fact.seals.get("clinical"),
    )


def on_pathway_chosen(fact: PathwayChosen, context: EventContext) -> TakePathway:
    """What is asked for is known at last."""
    return TakePathway(at=context.at, by=context.by, channel="kafka", pathway=fact.pathway)


def on_referral_held(_fact: ReferralHeld, context: EventContext) -> HoldCase:
    """Nobody is asked anything new; what was asked or granted stays."""
    return HoldCase(at=context.at, by=context.by, channel="kafka")


def on_referral_resumed(_fact: ReferralResumed, context: EventContext) -> ResumeCase:
    """It goes on."""
    return ResumeCase(at=context.at, by=context.by, channel="kafka")


def on_referral_found_complete(fact: ReferralFoundComplete, context: EventContext) -> StartCase:
    """Nothing is missing: the payer may be asked."""
    return StartCase(at=context.at, by=context.by, channel="kafka", referral_id=fact.referral_id)


def on_referral_cancelled(fact: ReferralCancelled, context: EventContext) -> EndCase:
    """What was not used is withdrawn."""
    return EndCase(
        at=context.at,
        by=context.by,
        channel="kafka",
        referral_id=fact.referral_id,
        ending="cancelled",
        outcome=None,
        reason=fact.reason,
    )


def on_referral_closed(fact: ReferralClosed, context: EventContext) -> EndCase:
    """The loop is closed."""
    return EndCase(
        at=context.at,
        by=context.by,
        channel="kafka",
        referral_id=fact.referral_id,
        ending="closed",
        outcome=fact.outcome,
        reason=fact.reason or Reason(system="throughline", code=fact.outcome),
    )


def on_provider_chosen(fact: ProviderChosen, context: EventContext) -> AdoptProvider:
    """Leave is asked for this provider at this site."""
    provider = Provider(fact.provider_ref, fact.site_ref)
    return AdoptProvider(at=context.at, by=context.by, channel="kafka", referral_id=fact.referral_id, provider=provider)


def on_visit_fulfilled(fact: VisitFulfilled, context: EventContext) -> UseAuthorization:
    """The patient was seen."""
    return UseAuthorization(at=context.at, by=context.by, channel="kafka", referral_id=fact.referral_id)


def _opened(keyring: Keyring, payers: PayerDirectory, fact: Sealed, context: EventContext) -> CoverageOnFile | None:
    """The coverage seal as it came, and who pays first; the seal is opened to see that, and for nothing else."""
    seal = fact.seals.get("coverage")
    if seal is None:
        return None
    coverage = keyring.open(
        context.envelope.tenant,
        "coverage",
        seal,
        CoverageDetails,
        purpose="find_payer",
        referral_id=fact.referral_id,
    )
    return CoverageOnFile(
        seal, payers.policies(coverage, partial(keyring.pseudonym, context.envelope.tenant, "coverage"))
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
