"""Derives from a case its tasks, its next deadline, the calls that it wants, and the name of its situation."""

from datetime import datetime
from typing import Any, Literal

from services.authorization.domain.state import ELIGIBILITY, SUBMISSION, Case
from services.authorization.domain.statuses import (
    Appealable,
    Approved,
    AwaitingPerson,
    Checking,
    CoverageProblem,
    Covered,
    Denied,
    Exempt,
    Pended,
    RequestStatus,
    Submitting,
)
from shared.contracts.language import URGENCY, Effect, Owner, Task

Status = Literal[
    "waiting",
    "checking",
    "coverage_problem",
    "submitting",
    "in_doubt",
    "pended",
    "person_needed",
    "approved",
    "not_required",
    "denied",
    "withdrawn",
]


def tasks(case: Case) -> tuple[Task, ...]:
    """The tasks of the case, the earliest first; none while nothing is to be done or waited for here."""
    left = (asked.withdrawn_by for asked in case.asked if asked.withdrawn_by)
    found = [_task("withdraw_request", "coordinator", "authorization", due_at) for due_at in left]
    if usual := _usual_task(case):
        found.append(usual)
    return tuple(sorted(found, key=lambda task: task.due_at)[:1])


def _usual_task(case: Case) -> Task | None:
    if not case.is_workable:
        return None
    match case.coverage:
        case Checking(due_at=due_at):
            return _task("verify_coverage", "system", "coverage", due_at)
        case CoverageProblem(due_at=due_at):
            return _task("resolve_coverage", "coordinator", "coverage", due_at)
    return _task_of(case.request.standing, is_used=case.is_used) if case.request else None


def _task_of(standing: RequestStatus, *, is_used: bool) -> Task | None:
    match standing:
        case Submitting(due_at=due_at):
            return _task("submit_request", "system", "authorization", due_at)
        case Pended():
            return _pended_task(standing)
        case AwaitingPerson(act=act, due_at=due_at):
            return _task(act, "coordinator", "authorization", due_at)
        case Approved(until=until):
            return None if is_used else _task("use_authorization", "coordinator", "scheduling", until)
        case Denied(peer_to_peer_until=until):
            return _task("request_peer_to_peer", "clinician", "denials", until)
        case Appealable(until=until):
            return _task("appeal_or_close", "coordinator", "denials", until)
        case Exempt():
            return None


def _pended_task(pended: Pended) -> Task:
    """While the payer waits for records, the task is ours."""
    if pended.records_due_at:
        return _task("send_records", "coordinator", "authorization", pended.records_due_at)
    return _task("await_payer_decision", "payer", "authorization", pended.due_at)


def _task(act: str, owner: Owner, queue: str, due_at: datetime) -> Task:
    return Task.of(act, owner, queue, due_at)


def next_due(case: Case) -> datetime | None:
    """The earliest due time of a task of somebody else, or of a call that must succeed."""
    statuses = (case.coverage, case.request.standing if case.request else None)
    armed = [instant for status in statuses if (instant := _armed(status)) is not None]
    return min(armed, default=None) if case.is_workable else None


def lapsed(status: Any, case: Case, at: datetime) -> bool:
    """Whether the due time of this situation has passed."""
    armed = _armed(status)
    return case.is_workable and armed is not None and armed <= at


def _armed(status: Any) -> datetime | None:
    match status:
        case Checking(due_at=instant) | Submitting(due_at=instant) | Pended(due_at=instant):
            return instant
        case Denied(peer_to_peer_until=instant):
            return instant
    return None


def wanted_effects(case: Case) -> list[Effect]:
    """The calls that are wanted: the current check, the current request, and a request that was denied."""
    urgency = URGENCY[case.priority]
    effects = []
    match case.coverage:
        case Checking(policy=policy) | Covered(policy=policy) | CoverageProblem(policy=policy, is_answered=False):
            effects.append(Effect(kind=ELIGIBILITY, revision=case.checks, target=policy.payer.id, urgency=urgency))
    for revision, asked in enumerate(case.asked, 1):
        if revision not in case.retired:
            effects.append(Effect(kind=SUBMISSION, revision=revision, target=asked.payer, urgency=urgency))
    return effects


def status(case: Case) -> Status:
    """The situation of the case in one word. An override is shown separately."""
    if case.is_over:
        return "withdrawn"
    if isinstance(case.coverage, Checking):
        return "checking"
    if isinstance(case.coverage, CoverageProblem):
        return "coverage_problem"
    if case.is_free:
        return "not_required"
    return _status_of(case.request.standing) if case.request else "waiting"


def _status_of(standing: RequestStatus) -> Status:
    match standing:
        case AwaitingPerson(act="confirm_submission"):
            return "in_doubt"
        case AwaitingPerson():
            return "person_needed"
        case Exempt():
            return "not_required"
        case Denied() | Appealable():
            return "denied"
        case Submitting() | Pended() | Approved():
            return standing.name
