"""Whose turn it is, when the clock acts, which calls are wanted, and what to call the situation."""

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
    """Who must do what by when, what is due first; none while nothing is to be done or waited for here."""
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
    """A payer that waits for records waits for us."""
    if pended.records_due_at:
        return _task("send_records", "coordinator", "authorization", pended.records_due_at)
    return _task("await_payer_decision", "payer", "authorization", pended.due_at)


def _task(act: str, owner: Owner, queue: str, due_at: datetime) -> Task:
    return Task.of(act, owner, queue, due_at)


def next_due(case: Case) -> datetime | None:
    """The earliest instant at which somebody outside owes us something, or a call must have got through."""
    statuses = (case.coverage, case.request.standing if case.request else None)
    armed = [instant for status in statuses if (instant := _armed(status)) is not None]
    return min(armed, default=None) if case.is_workable else None


def lapsed(status: Any, case: Case, at: datetime) -> bool:
    """Whether what this situation waits for should have happened by now."""
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
    """The calls that shall be true outside: the check that counts, the request that counts, and what was denied."""
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
    """Where the case stands, in one word. Whether it was overridden is said beside it."""
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
