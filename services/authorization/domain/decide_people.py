"""Decides what people may do about a case, and when. Buttons and decisions use the same table."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.authorization.domain.cascade import want_request
from services.authorization.domain.commands import (
    ConfirmRecordsSent,
    ConfirmWithdrawal,
    ContinueSelfPay,
    CorrectCoverage,
    OverrideAuthorization,
    RecordDecision,
    RecordPeerToPeer,
    ResubmitRequest,
    VerifyCoverage,
)
from services.authorization.domain.decide_effects import eligibility, record_decision
from services.authorization.domain.facts import CoverageGiven, NeedFound, RecordsSent, WithdrawalsConfirmed
from services.authorization.domain.publish import needs_person, not_required, tell
from services.authorization.domain.reasons import PEER_TO_PEER_UPHELD
from services.authorization.domain.state import Case
from services.authorization.domain.statuses import (
    Appealable,
    Approved,
    AwaitingPerson,
    Checking,
    CoverageProblem,
    Denied,
    Pended,
    SelfPay,
    Submitting,
)
from shared.contracts.authorization import AuthorizationOverridden
from shared.errors import NotFound, Rejected

MOST_REQUESTS: Final = 50
"""A limit, because a document has a maximum size. A caller that needs more has a defect."""


def _may_override(case: Case) -> bool:
    return not case.has_clearance


def _may_settle_coverage(case: Case) -> bool:
    return isinstance(case.coverage, CoverageProblem)


def _may_verify_coverage(case: Case) -> bool:
    """Require a member id: without one the payer can have said nothing about the policy, so it is corrected first."""
    return isinstance(case.coverage, Checking | CoverageProblem) and case.coverage.policy.has_member_id


def _may_confirm_records_sent(case: Case) -> bool:
    return case.request is not None and bool(case.request.records_owed)


def _may_record_peer_to_peer(case: Case) -> bool:
    return case.request is not None and isinstance(case.request.standing, Denied | Appealable)


def _may_record_decision(case: Case) -> bool:
    return case.request is not None and not isinstance(case.request.standing, Submitting)


def _may_resubmit(case: Case) -> bool:
    standing = case.request.standing if case.request else None
    is_settled = isinstance(standing, AwaitingPerson | Approved | Denied | Appealable)
    return is_settled and case.insured_by is not None


_MAY: Final[Mapping[str, tuple[Callable[[Case], bool], str]]] = {
    "override": (_may_override, "There is nothing that stands in the way of the visit."),
    "verify_coverage": (_may_verify_coverage, "There is no policy in question that the payer can be asked about."),
    "confirm_records_sent": (_may_confirm_records_sent, "The payer waits for no records."),
    "record_peer_to_peer": (_may_record_peer_to_peer, "There is no denial to talk about."),
    "record_decision": (_may_record_decision, "There is no request that the payer could have decided."),
    "resubmit": (_may_resubmit, "There is no request that the payer has settled."),
    "correct_coverage": (_may_settle_coverage, "The coverage is not in question."),
    "continue_self_pay": (_may_settle_coverage, "The coverage is not in question."),
}


def allowed(case: Case) -> frozenset[str]:
    """The acts that people may do now. Requests left with payers can be settled after the end of the case, too."""
    names = {name for name, (may, _) in _MAY.items() if case.is_workable and may(case)}
    return frozenset(names | ({"confirm_withdrawal"} if case.left_with_payers else set()))


def override(command: OverrideAuthorization, case: Case) -> list[Any]:
    """Let the visit go ahead. A second override changes nothing."""
    if case.is_workable and case.is_overridden:
        return []
    _require("override", case)
    return [tell(AuthorizationOverridden, command, case, by=command.by, reason=command.reason)]


def record(command: RecordDecision, case: Case) -> list[Any]:
    """Record the payer's decision that a person heard."""
    _require("record_decision", case)
    return record_decision(command, case)


def verify_coverage(command: VerifyCoverage, case: Case) -> list[Any]:
    """Record the payer's answer about the policy that a person heard. A second refusal of one check changes nothing."""
    _require("verify_coverage", case)
    match case.coverage:
        case CoverageProblem(policy=policy, is_answered=is_answered):
            found = eligibility(command, case, policy)
            return [] if is_answered and not any(isinstance(fact, NeedFound) for fact in found) else found
        case Checking(policy=policy):
            return eligibility(command, case, policy)
    return []


def confirm_records_sent(_command: ConfirmRecordsSent, case: Case) -> list[Any]:
    """Record that the records were sent: the payer acts next. A second time changes nothing."""
    standing = case.request.standing if case.request else None
    if case.is_workable and isinstance(standing, Pended) and standing.asked_for and not standing.records_due_at:
        return []
    _require("confirm_records_sent", case)
    return [RecordsSent()]


def record_peer_to_peer(command: RecordPeerToPeer, case: Case) -> list[Any]:
    """Record the result of the talk. An upheld denial leaves the appeal; any other result is the payer's decision."""
    _require("record_peer_to_peer", case)
    request = case.request
    if request is None or command.action != "A3":
        return record_decision(command, case)
    is_open = isinstance(request.standing, Denied)
    return [needs_person(command, case, request, PEER_TO_PEER_UPHELD)] if is_open else []


def resubmit(command: ResubmitRequest, case: Case) -> list[Any]:
    """Submit again under a new id. Nothing happens while a request is under way."""
    if case.is_workable and case.request and isinstance(case.request.standing, Submitting):
        return []
    _require("resubmit", case)
    if len(case.asked) >= MOST_REQUESTS:
        raise Rejected("too-many-requests", f"Payers are asked {MOST_REQUESTS} times for a referral at most.")
    return want_request(command, case)


def confirm_withdrawal(_command: ConfirmWithdrawal, case: Case) -> list[Any]:
    """Record that payers have cancelled everything that was withdrawn."""
    if not case.referral_id:
        raise NotFound
    return [WithdrawalsConfirmed()] if case.left_with_payers else []


def correct_coverage(command: CorrectCoverage, case: Case) -> list[Any]:
    """Replace the coverage, which is then checked."""
    _require("correct_coverage", case)
    return [CoverageGiven(command.coverage)]


def continue_self_pay(command: ContinueSelfPay, case: Case) -> list[Any]:
    """Continue without a payer."""
    if case.is_workable and case.coverage == SelfPay():
        return []
    _require("continue_self_pay", case)
    return [not_required(command, case, "self_pay")]


def _require(action: str, case: Case) -> None:
    if not case.referral_id:
        raise NotFound
    if action not in allowed(case):
        raise Rejected(f"{action.replace('_', '-')}-not-possible", _MAY[action][1])
