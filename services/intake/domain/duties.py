"""Derives from the state of a referral its tasks, its next deadline, and the calls that it wants."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.intake.domain import steps
from services.intake.domain.state import Referral, State
from shared.contracts.language import URGENCY, Effect, Task

INFORMATION_REQUEST: Final = "information_request"
REPORT: Final = "report"
EHR: Final = "ehr"
"""The one target of our calls: the EHR."""

_UNUSED_ORDER: Final = frozenset({"received", "awaiting_information", "awaiting_pathway", "in_progress"})


def tasks(state: State) -> tuple[Task, ...]:
    """The tasks of the referral: none only when it is closed and no person has anything left to do."""
    if not isinstance(state, Referral):
        return ()
    return (*_own(state), *_beside(state))


def _own(referral: Referral) -> Iterator[Task]:
    """The task of the referral itself. A report that must be brought by hand comes before its reading."""
    by_hand = [r.deliver_by for r in referral.reports if r.deliver_by and not r.is_acknowledged]
    if by_hand:
        yield steps.deliver_report(min(by_hand))
    elif not referral.is_closed:
        yield referral.task


def _beside(referral: Referral) -> Iterator[Task]:
    """The tasks of people that do not depend on what the referral itself waits for."""
    if referral.review:
        yield steps.review_changed_order(referral.priority, referral.review)
    yield from (steps.match_report(kept) for kept in referral.kept_reports if not kept.set_aside)
    if referral.held_at and not referral.is_over:
        yield steps.clear_hold(referral.held_at)
    if not (referral.has_pathway or referral.is_over or referral.situation == "awaiting_pathway"):
        yield steps.choose_pathway(referral.priority, referral.received_at or referral.authored_at)


def next_due(state: State) -> datetime | None:
    """The earliest instant at which a Tick has something to decide."""
    if not isinstance(state, Referral):
        return None
    armed = [state.task.due_at] if state.is_armed else []
    if can_expire(state):
        armed.append(state.order_expires_at)
    return min(armed, default=None)


def can_expire(referral: Referral) -> bool:
    """Whether the order is still unused and has no visit."""
    return referral.situation in _UNUSED_ORDER and referral.visit_id is None


def wanted_effects(state: State) -> list[Effect]:
    """The open request for information, and every report, at the referring clinician's EHR.

    The nth effect of a kind is the nth request or report.
    """
    if not isinstance(state, Referral):
        return []
    urgency = URGENCY[state.priority]
    reports = [Effect(kind=REPORT, revision=n, target=EHR, urgency=urgency) for n, _ in enumerate(state.reports, 1)]
    if state.situation != "awaiting_information":
        return reports
    return [Effect(kind=INFORMATION_REQUEST, revision=len(state.requests), target=EHR, urgency=urgency), *reports]
