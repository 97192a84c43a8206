"""Applies facts to a case. Total: a fact that was recorded is never refused."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.authorization.domain import facts as private
from services.authorization.domain.deadlines import OUR_TIME, due, end_of
from services.authorization.domain.reasons import (
    ELIGIBILITY_UNANSWERED,
    PEER_TO_PEER_LAPSED,
    PEER_TO_PEER_UPHELD,
    act_of,
)
from services.authorization.domain.state import Asked, Case, Request
from services.authorization.domain.statuses import (
    UNCHECKED,
    Appealable,
    Approved,
    AwaitingPerson,
    Checking,
    CoverageProblem,
    Covered,
    Denied,
    Exempt,
    Pended,
    Questioned,
    RequestStatus,
    SelfPay,
    Submitting,
)
from shared.contracts import authorization as published


def evolve(case: Case, fact: private.CaseFact) -> Case:
    """Fold one fact, private or published."""
    return _FOLDS[type(fact)](case, fact)


def _opened(case: Case, fact: private.CaseOpened) -> Case:
    return replace(case, referral_id=fact.referral_id, is_received=True, priority=fact.priority, pathway=fact.pathway)


def _pathway_taken(case: Case, fact: private.PathwayTaken) -> Case:
    return replace(case, pathway=fact.pathway)


def _held(case: Case, _fact: private.CaseHeld) -> Case:
    return replace(case, is_held=True)


def _resumed(case: Case, _fact: private.CaseResumed) -> Case:
    return replace(case, is_held=False)


def _coverage_given(case: Case, fact: private.CoverageGiven) -> Case:
    return replace(case, coverage_seal=fact.coverage.seal, policies=fact.coverage.policies, coverage=UNCHECKED)


def _clinical_given(case: Case, fact: private.ClinicalGiven) -> Case:
    return replace(case, clinical_seal=fact.seal)


def _started(case: Case, fact: private.CaseStarted) -> Case:
    return replace(case, referral_id=fact.referral_id, is_complete=True)


def _ended(case: Case, fact: private.CaseEnded) -> Case:
    return replace(case, referral_id=fact.referral_id, ending=fact.ending, ending_reason=fact.reason)


def _provider_adopted(case: Case, fact: private.ProviderAdopted) -> Case:
    return replace(case, referral_id=fact.referral_id, provider=fact.provider)


def _used(case: Case, fact: private.AuthorizationUsed) -> Case:
    """After care was given, requests that were to be withdrawn are wanted again."""
    return replace(case, referral_id=fact.referral_id, is_used=True, is_withdrawn=False)


def _check_wanted(case: Case, fact: private.CheckWanted) -> Case:
    return replace(case, checks=case.checks + 1, coverage=Checking(fact.policy, fact.due_at))


def _need_found(case: Case, fact: private.NeedFound) -> Case:
    if not isinstance(case.coverage, Questioned):
        return case
    covered = replace(case, coverage=Covered(case.coverage.policy, fact.needs_authorization, fact.certificate))
    return covered if fact.needs_authorization else _retired(covered)


def _request_wanted(case: Case, fact: private.RequestWanted) -> Case:
    asked = (*_retired(case).asked, Asked(fact.payer.id))
    request = Request(
        revision=len(asked),
        check=case.checks,
        payer=fact.payer,
        provider=fact.provider,
        wanted_at=fact.wanted_at,
        standing=Submitting(fact.due_at),
    )
    return replace(case, asked=asked, request=request)


def _answer_noted(case: Case, fact: private.AnswerNoted) -> Case:
    return _with_request(case, number=fact.number, message=fact.message, **_certified(fact.certificate))


def _decision_noted(case: Case, fact: private.DecisionNoted) -> Case:
    return _with_request(case, is_decided_by_person=fact.is_decided, **_certified(fact.certificate))


def _certified(certificate: str | None) -> dict[str, Any]:
    return {"certificate": certificate} if certificate else {}


def _withdrawal_escalated(case: Case, fact: private.WithdrawalEscalated) -> Case:
    asked = enumerate(case.asked, 1)
    changed = (replace(a, withdrawn_by=fact.due_at) if revision == fact.revision else a for revision, a in asked)
    return replace(case, asked=tuple(changed))


def _withdrawals_confirmed(case: Case, _fact: private.WithdrawalsConfirmed) -> Case:
    return replace(case, asked=tuple(replace(asked, withdrawn_by=None) for asked in case.asked))


def _verified(case: Case, _fact: published.CoverageVerified) -> Case:
    return case


def _not_verified(case: Case, fact: published.CoverageNotVerified) -> Case:
    if not isinstance(case.coverage, Questioned):
        return case
    policy = case.coverage.policy
    due_at = due(fact.occurred_at, OUR_TIME, policy.payer.zone)
    return replace(case, coverage=CoverageProblem(policy, due_at, fact.reason != ELIGIBILITY_UNANSWERED))


def _not_required(case: Case, fact: published.AuthorizationNotRequired) -> Case:
    if fact.basis == "self_pay":
        return replace(_retired(case), coverage=SelfPay())
    return _standing(case, Exempt())


def _submitted(case: Case, fact: published.AuthorizationSubmitted) -> Case:
    return _with_request(case, is_submitted=True, standing=Pended(fact.decision_due_at))


def _pended(case: Case, fact: published.AuthorizationPended) -> Case:
    """Records are due in our own time, and never later than the payer's deadline."""
    if case.request is None or not fact.asked_for:
        return _standing(case, Pended(fact.decision_due_at))
    ours = due(fact.occurred_at, OUR_TIME, case.request.payer.zone)
    return _standing(case, Pended(fact.decision_due_at, fact.asked_for, min(ours, fact.decision_due_at)))


def _records_sent(case: Case, _fact: private.RecordsSent) -> Case:
    standing = case.request.standing if case.request else None
    return _standing(case, replace(standing, records_due_at=None)) if isinstance(standing, Pended) else case


def _approved(case: Case, fact: published.AuthorizationApproved) -> Case:
    if case.request is None or not fact.items:
        return case
    last = max(item.window.end for item in fact.items)
    return _standing(case, Approved(fact.items, end_of(last, case.request.payer.zone)))


def _denied(case: Case, fact: published.AuthorizationDenied) -> Case:
    """Merge the payer's own answer with what a person heard before it."""
    denied = _standing(case, Denied(fact.peer_to_peer_until, fact.appeal_until))
    return _with_request(denied, is_decided_by_person=False) if fact.recorded_by.kind == "payer" else denied


def _needs_person(case: Case, fact: published.AuthorizationNeedsPerson) -> Case:
    request = case.request
    if request is None:
        return case
    if fact.reason in {PEER_TO_PEER_LAPSED, PEER_TO_PEER_UPHELD} and isinstance(request.standing, Denied):
        return _standing(case, Appealable(request.standing.appeal_until))
    return _standing(case, AwaitingPerson(act_of(fact.reason), due(fact.occurred_at, OUR_TIME, request.payer.zone)))


def _overridden(case: Case, _fact: published.AuthorizationOverridden) -> Case:
    return replace(case, is_overridden=True)


def _withdrawn(case: Case, _fact: published.AuthorizationWithdrawn) -> Case:
    """Keep verified coverage and the payer's denial. Everything else is submitted anew if it is wanted again."""
    coverage = case.coverage if isinstance(case.coverage, Covered) else UNCHECKED
    return replace(case if _is_denied_by_payer(case) else _retired(case), coverage=coverage, is_withdrawn=True)


def _standing(case: Case, standing: RequestStatus) -> Case:
    return _with_request(case, standing=standing)


def _with_request(case: Case, **changes: Any) -> Case:
    return replace(case, request=replace(case.request, **changes)) if case.request else case


def _retired(case: Case) -> Case:
    """The request counts no more. It will be withdrawn, unless the payer denied it.

    A denial that a person heard of does not end it at the payer, who may yet say otherwise of it, or nothing for ever.
    """
    if case.request is None:
        return case
    last = replace(case.asked[-1], stays=_is_denied_by_payer(case))
    return replace(case, request=None, asked=(*case.asked[:-1], last))


def _is_denied_by_payer(case: Case) -> bool:
    request = case.request
    if request is None or request.is_decided_by_person:
        return False
    return isinstance(request.standing, Denied | Appealable)


_FOLDS: Final[Mapping[type[Any], Callable[[Case, Any], Case]]] = {
    private.CaseOpened: _opened,
    private.PathwayTaken: _pathway_taken,
    private.CaseHeld: _held,
    private.CaseResumed: _resumed,
    private.CoverageGiven: _coverage_given,
    private.ClinicalGiven: _clinical_given,
    private.CaseStarted: _started,
    private.CaseEnded: _ended,
    private.ProviderAdopted: _provider_adopted,
    private.AuthorizationUsed: _used,
    private.CheckWanted: _check_wanted,
    private.NeedFound: _need_found,
    private.RequestWanted: _request_wanted,
    private.AnswerNoted: _answer_noted,
    private.DecisionNoted: _decision_noted,
    private.RecordsSent: _records_sent,
    private.WithdrawalEscalated: _withdrawal_escalated,
    private.WithdrawalsConfirmed: _withdrawals_confirmed,
    published.CoverageVerified: _verified,
    published.CoverageNotVerified: _not_verified,
    published.AuthorizationNotRequired: _not_required,
    published.AuthorizationSubmitted: _submitted,
    published.AuthorizationPended: _pended,
    published.AuthorizationApproved: _approved,
    published.AuthorizationDenied: _denied,
    published.AuthorizationNeedsPerson: _needs_person,
    published.AuthorizationOverridden: _overridden,
    published.AuthorizationWithdrawn: _withdrawn,
}
