"""Applies facts to the state of a referral. Total: a fact that was recorded is never refused."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.intake.domain import facts as private
from services.intake.domain import keeping, steps
from services.intake.domain.state import Absent, End, Redirect, Referral, Report, Request, Review, ReviewCause, State
from shared.business_days import after_business_days
from shared.contracts import intake as published
from shared.contracts.language import Task

MOST_LATER_VERSIONS: Final = 4
"""Beside the one that is acted on: the last, and three in between."""
MOST_FINGERPRINTS: Final = 10
_GRAVITY: Final[tuple[ReviewCause, ...]] = ("order-changed", "authorization-may-be-void", "order-revoked")
_BEFORE_CARE: Final = frozenset({"received", "awaiting_information", "awaiting_pathway", "in_progress", "winding_down"})


def evolve(state: State, fact: private.IntakeFact) -> State:
    """Fold one fact, private or published."""
    if isinstance(fact, published.ReferralReceived):
        return _received(fact) if isinstance(state, Absent) else state
    if isinstance(fact, private.OrderRedirected):
        return Redirect(fact.to) if isinstance(state, Absent) else state
    return _FOLDS[type(fact)](state, fact) if isinstance(state, Referral) else state


def _received(fact: published.ReferralReceived) -> Referral:
    return Referral(
        situation="received",
        referral_id=fact.referral_id,
        fingerprint="",
        patient_ref=fact.patient_ref,
        received_at=fact.occurred_at,
        priority=fact.priority,
        authored_at=fact.authored_at,
        needed_by=fact.needed_by,
        order_expires_at=fact.order_expires_at,
        pathway=fact.pathway,
        seals=dict(fact.seals),
        requester_ref=fact.requester_ref,
        organization_ref=fact.organization_ref,
        network_ref=fact.network_ref,
        task=steps.check_completeness(fact.occurred_at),
    )


def _content_noted(referral: Referral, fact: private.ContentNoted) -> Referral:
    referral = replace(referral, placed_by=fact.placed_by or referral.placed_by)
    if not referral.fingerprint:
        return replace(referral, fingerprint=fact.fingerprint, terms=fact.terms)
    if referral.knows(fact.fingerprint):
        return referral
    return replace(referral, fingerprints=(*referral.fingerprints, fact.fingerprint)[-MOST_FINGERPRINTS:])


def _number_noted(referral: Referral, fact: private.NumberNoted) -> Referral:
    return replace(referral, numbers=(*referral.numbers, fact.number))


def _version_kept(referral: Referral, fact: private.OrderVersionKept) -> Referral:
    """The first version is what is acted on; of the later ones the oldest goes, and is still recognized."""
    versions = (*referral.versions, fact.version)
    gone = tuple(version.fingerprint for version in versions[:-MOST_LATER_VERSIONS])
    return replace(
        referral,
        versions=versions[-MOST_LATER_VERSIONS:],
        fingerprints=(*referral.fingerprints, *gone)[-MOST_FINGERPRINTS:],
    )


def _review_wanted(referral: Referral, fact: private.ReviewWanted) -> Referral:
    """Merge a further change into the open review. The earlier changes and the due time stay."""
    new, before = fact.review, referral.review
    if before:
        elements = tuple(dict.fromkeys((*before.elements, *new.elements)))
        cause = max(before.cause, new.cause, key=_GRAVITY.index)
        new = Review(new.order_version, cause, elements, before.since)
    is_revoked = referral.is_revoked or fact.review.cause == "order-revoked"
    return replace(referral, review=new, last_version=new.order_version, is_revoked=is_revoked)


def _reviewed(referral: Referral, _fact: published.OrderReviewed) -> Referral:
    return replace(referral, review=None)


def _changed(referral: Referral, _fact: published.OrderChanged) -> Referral:
    return referral


def _held(referral: Referral, fact: published.ReferralHeld) -> Referral:
    return replace(referral, held_at=fact.occurred_at, holds=referral.holds + 1)


def _resumed(referral: Referral, _fact: published.ReferralResumed) -> Referral:
    return replace(referral, held_at=None)


def _pathway_awaited(referral: Referral, fact: private.PathwayAwaited) -> Referral:
    task = steps.choose_pathway(referral.priority, fact.at)
    return replace(referral, situation="awaiting_pathway", task=task, is_armed=False)


def _pathway_chosen(referral: Referral, fact: published.PathwayChosen) -> Referral:
    return replace(referral, pathway=fact.pathway)


def _requested(referral: Referral, fact: published.InformationRequested) -> Referral:
    return replace(
        referral,
        situation="awaiting_information",
        missing=fact.items,
        requests=(*referral.requests, Request(fact.request_id, fact.items)),
        task=steps.supply_information(referral.priority, fact.occurred_at),
        is_armed=True,
    )


def _supplied(referral: Referral, fact: published.InformationSupplied) -> Referral:
    missing = tuple(item for item in referral.missing if item not in fact.items)
    return replace(
        referral,
        missing=missing,
        seals={**referral.seals, **fact.seals},
        requester_ref=fact.requester_ref or referral.requester_ref,
        organization_ref=fact.organization_ref or referral.organization_ref,
        network_ref=fact.network_ref or referral.network_ref,
    )


def _found_complete(referral: Referral, _fact: published.ReferralFoundComplete) -> Referral:
    task = steps.complete_referral(referral.needed_by)
    return replace(referral, situation="in_progress", task=task, is_armed=False)


def _handed_on(referral: Referral, fact: private.StepHandedOn) -> Referral:
    return replace(referral, task=steps.handed_on(referral, fact.at), is_armed=False)


def _choice_noted(referral: Referral, fact: private.ChoiceNoted) -> Referral:
    return replace(referral, chosen=fact.chosen)


def _visit_held(referral: Referral, fact: private.VisitHeld) -> Referral:
    return replace(referral, visit_id=fact.visit_id)


def _visit_released(referral: Referral, _fact: private.VisitReleased) -> Referral:
    return replace(referral, visit_id=None)


def _seen(referral: Referral, fact: private.PatientSeen) -> Referral:
    seen = replace(referral, seen_at_visit=fact.visit_id, visit_id=None)
    if final := referral.final_report:
        return _with_nothing_to_wait_for(seen, final)
    # Another report may have come first; then the wait for the final one is counted from the visit all the same.
    if referral.situation in _BEFORE_CARE or referral.situation == "awaiting_report":
        return _awaiting_report(seen, steps.return_report(referral.priority, fact.at))
    return seen


def _with_nothing_to_wait_for(referral: Referral, final: Report) -> Referral:
    """Where a wind-down leaves the final report unread: wait for its reading, from the wind-down's due time on."""
    if final.is_acknowledged or referral.situation != "winding_down":
        return referral
    return _awaiting_acknowledgement(referral, steps.acknowledge_report(referral.task.due_at))


def _filed(referral: Referral, fact: private.ReportFiled) -> Referral:
    return replace(referral, reports=(*referral.reports, fact.report))


def _reported(referral: Referral, fact: published.ConsultReportReceived) -> Referral:
    if referral.is_closed:
        return referral
    if fact.kind == "final":
        return _awaiting_acknowledgement(referral, steps.acknowledge_report(fact.occurred_at))
    if referral.situation in _BEFORE_CARE:
        return _awaiting_report(referral, steps.return_report(referral.priority, fact.occurred_at))
    return referral


def _awaiting_report(referral: Referral, task: Task) -> Referral:
    return replace(referral, situation="awaiting_report", task=task, is_armed=True)


def _awaiting_acknowledgement(referral: Referral, task: Task) -> Referral:
    return replace(referral, situation="awaiting_acknowledgement", task=task, is_armed=True)


def _undeliverable(referral: Referral, fact: private.ReportUndeliverable) -> Referral:
    return _with_report(referral, fact.report_id, deliver_by=after_business_days(fact.at, 1))


def _acknowledged(referral: Referral, fact: published.ReportAcknowledged) -> Referral:
    return _with_report(referral, fact.report_id, is_acknowledged=True)


def _with_report(referral: Referral, report_id: str, **changes: Any) -> Referral:
    reports = (replace(r, **changes) if r.report_id == report_id else r for r in referral.reports)
    return replace(referral, reports=tuple(reports))


def _end_chosen(referral: Referral, fact: private.EndChosen) -> Referral:
    return replace(referral, end=fact.end)


def _cancelled(referral: Referral, fact: published.ReferralCancelled) -> Referral:
    return replace(referral, situation="winding_down", task=steps.wind_down(fact.occurred_at), is_armed=True)


def _closed(referral: Referral, fact: published.ReferralClosed) -> Referral:
    return replace(referral, situation="closed", end=End(fact.outcome, fact.reason), is_armed=False)


_FOLDS: Final[Mapping[type[Any], Callable[[Referral, Any], Referral]]] = {
    private.ContentNoted: _content_noted,
    private.NumberNoted: _number_noted,
    private.OrderVersionKept: _version_kept,
    private.ReviewWanted: _review_wanted,
    published.OrderChanged: _changed,
    published.OrderReviewed: _reviewed,
    published.ReferralHeld: _held,
    published.ReferralResumed: _resumed,
    private.PathwayAwaited: _pathway_awaited,
    published.PathwayChosen: _pathway_chosen,
    published.InformationRequested: _requested,
    published.InformationSupplied: _supplied,
    published.ReferralFoundComplete: _found_complete,
    private.StepHandedOn: _handed_on,
    private.ChoiceNoted: _choice_noted,
    private.VisitHeld: _visit_held,
    private.VisitReleased: _visit_released,
    private.PatientSeen: _seen,
    private.ReportFiled: _filed,
    private.ReportKept: keeping.kept,
    private.ReportMatched: keeping.matched,
    private.ReportSetAside: keeping.set_aside,
    published.ConsultReportReceived: _reported,
    private.ReportUndeliverable: _undeliverable,
    published.ReportAcknowledged: _acknowledged,
    private.EndChosen: _end_chosen,
    published.ReferralCancelled: _cancelled,
    published.ReferralClosed: _closed,
}
