"""Decides what a later message about an order means: the order changed, was revoked, or is on hold."""

from typing import Final

from services.intake.domain import ending
from services.intake.domain.commands import (
    CancelReferral,
    HoldReferral,
    ResumeReferral,
    ReviewOrder,
    ReviseOrder,
    RevokeOrder,
    SupplyInformation,
)
from services.intake.domain.facts import ContentNoted, IntakeFact, OrderVersionKept, ReviewWanted
from services.intake.domain.receiving import require_own, supply
from services.intake.domain.state import OrderVersion, Referral, Review, ReviewCause
from services.intake.domain.steps import OWN_REASONS
from shared.contracts.intake import OrderChanged, OrderReviewed, ReferralHeld, ReferralResumed
from shared.contracts.language import Command, Reason
from shared.errors import Conflict, NotFound, Rejected, Stale

STATUS: Final = "/status"
"""Where a revocation differs from the order that it revokes."""
_AUTHORIZED_BY: Final = frozenset({"/service", "/diagnoses", "/policies"})
"""The groups of data that a payer's decision is based on."""


def revise(command: ReviseOrder, referral: Referral) -> list[IntakeFact]:
    """Apply supplied items that were requested; a person reviews everything else that differs."""
    require_own(command.placed_by, referral)
    if referral.knows(command.fingerprint):
        return []
    supplied = supply(_supplied(command, referral), referral) if command.supplied else []
    if not command.elements:
        return [*supplied, ContentNoted(command.fingerprint)]
    version = OrderVersion(
        number=referral.last_version + 1,
        fingerprint=command.fingerprint,
        received_at=command.at,
        terms=command.terms,
        seals=dict(command.seals),
        elements=command.elements,
    )
    cause = _cause(command, referral)
    return [
        *supplied,
        OrderVersionKept(version),
        *_to_look_at(command, referral, version.number, cause, command.elements),
    ]


def review(command: ReviewOrder, referral: Referral) -> list[IntakeFact]:
    """Record the review of a changed order: keep everything, expect another order, or note a change made by hand."""
    looked_at = referral.review
    if looked_at is None:
        if command.order_version > referral.last_version:
            raise NotFound("unknown-version", "There is no such version of the order.")
        return []
    if command.order_version != looked_at.order_version:
        raise Stale("stale", "The order has changed again since you read it; read it again.")
    reviewed = OrderReviewed(
        **vars(command.attribution),
        referral_id=referral.referral_id,
        order_version=command.order_version,
        outcome=command.outcome,
    )
    if command.outcome != "reordered":
        return [reviewed]
    if referral.evidence_of_care:
        raise Rejected("seen-already", "The patient was seen: keep the order, or take the change over by hand.")
    return [reviewed, *_cancelled(command, "superseded", referral)]


def revoke(command: RevokeOrder, referral: Referral) -> list[IntakeFact]:
    """Cancel the referral at once, for the reason given.

    After the visit the outcome stays, and a person is told. The patient's death counts also while the referral is
    being wound down for another reason: it becomes the outcome, so that nobody writes to the patient from then on.
    """
    require_own(command.placed_by, referral)
    is_dead = command.reason == "deceased"
    if referral.is_closed and (is_dead or not referral.evidence_of_care):
        return []
    if is_dead and referral.situation == "winding_down":
        return ending.died(referral)
    if referral.evidence_of_care and not is_dead and referral.situation != "winding_down":
        if referral.is_revoked:
            return []
        return _to_look_at(command, referral, referral.last_version + 1, "order-revoked", (STATUS,))
    return _cancelled(command, command.reason, referral)


def hold(command: HoldReferral, referral: Referral) -> list[IntakeFact]:
    """Put the referral on hold: no service begins anything new."""
    require_own(command.placed_by, referral)
    if referral.held_at or referral.is_over:
        return []
    return [ReferralHeld(**vars(command.attribution), referral_id=referral.referral_id)]


def resume(command: ResumeReferral, referral: Referral) -> list[IntakeFact]:
    """Resume the referral where it was."""
    require_own(command.placed_by, referral)
    if referral.held_at is None:
        return []
    return [ReferralResumed(**vars(command.attribution), referral_id=referral.referral_id)]


def _supplied(command: ReviseOrder, referral: Referral) -> SupplyInformation:
    return SupplyInformation(
        at=command.at,
        by=command.by,
        channel=command.channel,
        parked=command.parked,
        request_id=referral.requests[-1].request_id if referral.requests else "",
        based_on=command.based_on,
        items=command.supplied,
        seals=command.supplied_seals,
        requester_ref=command.requester_ref,
        organization_ref=command.organization_ref,
        network_ref=command.network_ref,
    )


def _cause(command: ReviseOrder, referral: Referral) -> ReviewCause:
    """The payer may have decided on the old data already: its decision may not cover what is wanted now."""
    is_with_payer = referral.situation not in {"received", "awaiting_information", "awaiting_pathway"}
    touches = not _AUTHORIZED_BY.isdisjoint(command.elements)
    return "authorization-may-be-void" if is_with_payer and touches else "order-changed"


def _to_look_at(
    command: Command, referral: Referral, number: int, cause: ReviewCause, elements: tuple[str, ...]
) -> list[IntakeFact]:
    changed = OrderChanged(
        **vars(command.attribution), referral_id=referral.referral_id, order_version=number, elements=elements
    )
    return [ReviewWanted(Review(number, cause, elements, command.at)), changed]


def _cancelled(command: Command, code: str, referral: Referral) -> list[IntakeFact]:
    cancel = CancelReferral(
        at=command.at,
        by=command.by,
        channel=command.channel,
        parked=command.parked,
        asked_by="referrer",
        reason=Reason(system=OWN_REASONS, code=code),
    )
    try:
        return ending.cancel(cancel, referral)
    except Conflict:
        return []
