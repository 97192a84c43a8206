"""Translates the facts of intake, authorization and notifications into commands of a placement."""

from collections.abc import Mapping
from functools import partial

from services.scheduling.domain import (
    BeginPlacement,
    Directory,
    EndPlacement,
    HoldPlacement,
    Order,
    RecordApproval,
    RecordClearance,
    RecordContact,
    RecordDenial,
    RecordReport,
    RecordRequest,
    RecordWithdrawal,
    ResumePlacement,
    TakeOrder,
    TakePathway,
)
from shared.contracts.authorization import (
    AuthorizationApproved,
    AuthorizationDenied,
    AuthorizationNeedsPerson,
    AuthorizationNotRequired,
    AuthorizationOverridden,
    AuthorizationPended,
    AuthorizationSubmitted,
    AuthorizationWithdrawn,
)
from shared.contracts.intake import (
    ConsultReportReceived,
    PathwayChosen,
    ReferralCancelled,
    ReferralClosed,
    ReferralFoundComplete,
    ReferralHeld,
    ReferralReceived,
    ReferralResumed,
)
from shared.contracts.language import Fact, Reason
from shared.contracts.notifications import ContactRecorded
from shared.engine.commands import command_id
from shared.messaging.inbox import EventContext, Reaction


def on_referral_received(directory: Directory, fact: ReferralReceived, context: EventContext) -> TakeOrder:
    """A received referral brings the order and its candidates."""
    order = Order(
        referral_id=fact.referral_id,
        patient_ref=fact.patient_ref,
        priority=fact.priority,
        pathway=fact.pathway,
        needed_by=fact.needed_by,
        order_expires_at=fact.order_expires_at,
        not_before=fact.not_before,
        wishes=fact.seals.get("logistics"),
    )
    candidates = directory.candidates(fact.pathway, fact.priority, fact.referral_id)
    return TakeOrder(at=context.at, by=context.by, channel="kafka", order=order, candidates=candidates)


def on_pathway_chosen(directory: Directory, fact: PathwayChosen, context: EventContext) -> TakePathway:
    """The chosen pathway says which providers are candidates."""
    candidates = directory.candidates(fact.pathway, fact.priority, fact.referral_id)
    return TakePathway(at=context.at, by=context.by, channel="kafka", pathway=fact.pathway, candidates=candidates)


def on_referral_held(_fact: ReferralHeld, context: EventContext) -> HoldPlacement:
    """While the order is on hold nothing new is begun; a booked visit stays."""
    return HoldPlacement(at=context.at, by=context.by, channel="kafka")


def on_referral_resumed(_fact: ReferralResumed, context: EventContext) -> ResumePlacement:
    """The order is active again: the placement goes on."""
    return ResumePlacement(at=context.at, by=context.by, channel="kafka")


def on_referral_found_complete(_fact: ReferralFoundComplete, context: EventContext) -> BeginPlacement:
    """The referral is complete: a provider may be chosen."""
    return BeginPlacement(at=context.at, by=context.by, channel="kafka")


def on_referral_cancelled(fact: ReferralCancelled, context: EventContext) -> EndPlacement:
    """The cancelled referral releases everything that is held for it."""
    return EndPlacement(at=context.at, by=context.by, channel="kafka", reason=fact.reason)


def on_referral_closed(fact: ReferralClosed, context: EventContext) -> EndPlacement:
    """The closed referral ends the search."""
    reason = fact.reason or Reason(system="throughline", code=fact.outcome)
    return EndPlacement(at=context.at, by=context.by, channel="kafka", reason=reason)


def on_consult_report_received(fact: ConsultReportReceived, context: EventContext) -> RecordReport:
    """A report proves that the patient was seen."""
    return RecordReport(
        at=context.at,
        by=context.by,
        channel="kafka",
        visit_id=fact.visit_id,
        unbooked_visit_id=command_id(fact.referral_id, "visit", "report", fact.report_id),
    )


def on_authorization_submitted(_fact: AuthorizationSubmitted, context: EventContext) -> RecordRequest:
    """The submitted request means that an authorization is needed."""
    return RecordRequest(at=context.at, by=context.by, channel="kafka")


def on_authorization_pended(_fact: AuthorizationPended, context: EventContext) -> RecordRequest:
    """The pended request is not decided, or not any more."""
    return RecordRequest(at=context.at, by=context.by, channel="kafka")


def on_authorization_needs_person(_fact: AuthorizationNeedsPerson, context: EventContext) -> RecordRequest:
    """A request in question allows nothing until a person has found out."""
    return RecordRequest(at=context.at, by=context.by, channel="kafka")


def on_authorization_approved(fact: AuthorizationApproved, context: EventContext) -> RecordApproval:
    """The payer certified a visit with a provider, within a window."""
    return RecordApproval(at=context.at, by=context.by, channel="kafka", items=fact.items)


def on_authorization_not_required(fact: AuthorizationNotRequired, context: EventContext) -> RecordClearance:
    """The visit needs no authorization, with this provider or with any."""
    return RecordClearance(
        at=context.at, by=context.by, channel="kafka", basis="not_required", provider_ref=fact.provider_ref
    )


def on_authorization_overridden(_fact: AuthorizationOverridden, context: EventContext) -> RecordClearance:
    """An override lets the visit go ahead without the payer."""
    return RecordClearance(at=context.at, by=context.by, channel="kafka", basis="overridden")


def on_authorization_denied(_fact: AuthorizationDenied, context: EventContext) -> RecordDenial:
    """The payer denied the request."""
    return RecordDenial(at=context.at, by=context.by, channel="kafka")


def on_authorization_withdrawn(_fact: AuthorizationWithdrawn, context: EventContext) -> RecordWithdrawal:
    """The authorization was withdrawn."""
    return RecordWithdrawal(at=context.at, by=context.by, channel="kafka")


def on_contact_recorded(fact: ContactRecorded, context: EventContext) -> RecordContact:
    """A person spoke with the patient."""
    return RecordContact(at=context.at, by=context.by, channel="kafka", outcome=fact.outcome)


def reactions(directory: Directory) -> Mapping[type[Fact], Reaction]:
    """The reaction to each consumed fact."""
    return {
        ReferralReceived: partial(on_referral_received, directory),
        PathwayChosen: partial(on_pathway_chosen, directory),
        ReferralHeld: on_referral_held,
        ReferralResumed: on_referral_resumed,
        ReferralFoundComplete: on_referral_found_complete,
        ReferralCancelled: on_referral_cancelled,
        ReferralClosed: on_referral_closed,
        ConsultReportReceived: on_consult_report_received,
        AuthorizationSubmitted: on_authorization_submitted,
        AuthorizationPended: on_authorization_pended,
        AuthorizationNeedsPerson: on_authorization_needs_person,
        AuthorizationApproved: on_authorization_approved,
        AuthorizationNotRequired: on_authorization_not_required,
        AuthorizationOverridden: on_authorization_overridden,
        AuthorizationDenied: on_authorization_denied,
        AuthorizationWithdrawn: on_authorization_withdrawn,
        ContactRecorded: on_contact_recorded,
    }
