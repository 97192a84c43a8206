"""Translates the facts of intake and scheduling into commands of a case."""

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
    """A received referral opens its case."""
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
    """The supplied items may contain coverage or diagnoses."""
    return TakeInformation(
        at=context.at,
        by=context.by,
        channel="kafka",
        referral_id=fact.referral_id,
        coverage=opened(fact, context),
        clinical=fact.seals.get("clinical"),
    )


def on_pathway_chosen(fact: PathwayChosen, context: EventContext) -> TakePathway:
    """The chosen pathway says what is requested."""
    return TakePathway(at=context.at, by=context.by, channel="kafka", pathway=fact.pathway)


def on_referral_held(_fact: ReferralHeld, context: EventContext) -> HoldCase:
    """While the order is on hold nobody is asked anything new; requests and approvals stay."""
    return HoldCase(at=context.at, by=context.by, channel="kafka")


def on_referral_resumed(_fact: ReferralResumed, context: EventContext) -> ResumeCase:
    """The order is active again: the case goes on."""
    return ResumeCase(at=context.at, by=context.by, channel="kafka")


def on_referral_found_complete(fact: ReferralFoundComplete, context: EventContext) -> StartCase:
    """The referral is complete: payers may be asked."""
    return StartCase(at=context.at, by=context.by, channel="kafka", referral_id=fact.referral_id)


def on_referral_cancelled(fact: ReferralCancelled, context: EventContext) -> EndCase:
    """The cancelled referral's unused requests are withdrawn."""
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
    """The closed referral ends the case."""
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
    """The chosen provider and site need an authorization."""
    provider = Provider(fact.provider_ref, fact.site_ref)
    return AdoptProvider(at=context.at, by=context.by, channel="kafka", referral_id=fact.referral_id, provider=provider)


def on_visit_fulfilled(fact: VisitFulfilled, context: EventContext) -> UseAuthorization:
    """The completed visit means that care was given."""
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
    """The reaction to each consumed fact."""
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
