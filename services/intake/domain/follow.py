"""What follows from the state of a referral: who must act, when the clock looks again, what is wanted outside."""

from datetime import datetime
from typing import Final

from services.intake.domain import steps
from services.intake.domain.state import Absent, Referral, State
from shared.contracts.language import Effect, Priority, Task

INFORMATION_REQUEST: Final = "information_request"
REPORT: Final = "report"
EHR: Final = "ehr"
"""The one target of our calls: the referring side's system."""

_UNUSED_ORDER: Final = frozenset({"received", "awaiting_information", "in_progress"})
_URGENCIES: Final[dict[Priority, int]] = {"stat": 0, "asap": 2, "urgent": 3, "routine": 5}


def tasks(state: State) -> tuple[Task, ...]:
    """Who must do what by when. None only when closed with every report delivered."""
    if isinstance(state, Absent):
        return ()
    by_hand = [r.deliver_by for r in state.reports if r.deliver_by and not r.is_acknowledged]
    if by_hand:
        return (steps.deliver_report(min(by_hand)),)
    return () if state.is_closed else (state.task,)


def next_due(state: State) -> datetime | None:
    """The earliest instant at which a Tick has something to decide."""
    if isinstance(state, Absent):
        return None
    armed = [state.task.due_at] if state.is_armed else []
    if can_expire(state):
        armed.append(state.order_expires_at)
    return min(armed, default=None)


def can_expire(referral: Referral) -> bool:
    """Whether the order is still unused, with no visit standing under it."""
    return referral.situation in _UNUSED_ORDER and referral.visit_id is None


def owed(state: State) -> list[Effect]:
    """The open request for information, and every report, at the referring clinician's EHR.

    The nth effect of a kind is the nth request or report.
    """
    if isinstance(state, Absent):
        return []
    urgency = _URGENCIES[state.priority]
    reports = [Effect(kind=REPORT, revision=n, target=EHR, urgency=urgency) for n, _ in enumerate(state.reports, 1)]
    if state.situation != "awaiting_information":
        return reports
    return [Effect(kind=INFORMATION_REQUEST, revision=len(state.requests), target=EHR, urgency=urgency), *reports]
