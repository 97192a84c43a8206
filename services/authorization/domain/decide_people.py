"""What people may do about a case, and when: the one table that buttons and decisions share."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.authorization.domain.cascade import want_request
from services.authorization.domain.commands import (
    ConfirmWithdrawal,
    ContinueSelfPay,
    CorrectCoverage,
    OverrideAuthorization,
    RecordDecision,
    ResubmitRequest,
)
from services.authorization.domain.decide_effects import record_decision
from services.authorization.domain.facts import CoverageGiven, WithdrawalsConfirmed
from services.authorization.domain.publish import not_required, tell
from services.authorization.domain.state import Case
from services.authorization.domain.statuses import (
    Appealable,
    Approved,
    AwaitingPerson,
    CoverageProblem,
    Denied,
    SelfPay,
    Submitting,
)
from shared.contracts.authorization import AuthorizationOverridden
from shared.errors import NotFound, Rejected


def _may_override(case: Case) -> bool:
    return not case.has_clearance


def _may_settle_coverage(case: Case) -> bool:
    return isinstance(case.coverage, CoverageProblem)


def _may_record_decision(case: Case) -> bool:
    return case.request is not None and not isinstance(case.request.standing, Submitting)


def _may_resubmit(case: Case) -> bool:
    standing = case.request.standing if case.request else None
    is_settled = isinstance(standing, AwaitingPerson | Approved | Denied | Appealable)
    return is_settled and case.insured_by is not None


_MAY: Final[Mapping[str, tuple[Callable[[Case], bool], str]]] = {
    "override": (_may_override, "There is nothing that stands in the way of the visit."),
    "record_decision": (_may_record_decision, "There is no request that the payer could have decided."),
    "resubmit": (_may_resubmit, "There is no request that the payer has settled."),
    "correct_coverage": (_may_settle_coverage, "The coverage is not in question."),
    "continue_self_pay": (_may_settle_coverage, "The coverage is not in question."),
}


def allowed(case: Case) -> frozenset[str]:
    """What people may do now; what payers were left with is seen to after the end, too."""
    names = {name for name, (may, _) in _MAY.items() if case.is_workable and may(case)}
    return frozenset(names | ({"confirm_withdrawal"} if case.left_with_payers else set()))


def override(command: OverrideAuthorization, case: Case) -> list[Any]:
    """Let the visit go ahead. A second override is none."""
    if case.is_workable and case.is_overridden:
        return []
    _require("override", case)
    return [tell(AuthorizationOverridden, command, case, by=command.by, reason=command.reason)]


def record(command: RecordDecision, case: Case) -> list[Any]:
    """Record what the payer said to a person."""
    _require("record_decision", case)
    return record_decision(command, case)


def resubmit(command: ResubmitRequest, case: Case) -> list[Any]:
    """Ask anew, under a new id. While a request is on its way there is nothing to do."""
    if case.is_workable and case.request and isinstance(case.request.standing, Submitting):
        return []
    _require("resubmit", case)
    return want_request(command, case)


def confirm_withdrawal(_command: ConfirmWithdrawal, case: Case) -> list[Any]:
    """Take it that payers have nothing any more of what was withdrawn."""
    if not case.referral_id:
        raise NotFound
    return [WithdrawalsConfirmed()] if case.left_with_payers else []


def correct_coverage(command: CorrectCoverage, case: Case) -> list[Any]:
    """Replace the coverage, which is then checked anew."""
    _require("correct_coverage", case)
    return [CoverageGiven(command.coverage)]


def continue_self_pay(command: ContinueSelfPay, case: Case) -> list[Any]:
    """Go on without a payer."""
    if case.is_workable and case.coverage == SelfPay():
        return []
    _require("continue_self_pay", case)
    return [not_required(command, case, "self_pay")]


def _require(action: str, case: Case) -> None:
    if not case.referral_id:
        raise NotFound
    if action not in allowed(case):
        raise Rejected(f"{action.replace('_', '-')}-not-possible", _MAY[action][1])
