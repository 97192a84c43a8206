"""Applies facts to a track. Total: a fact that was recorded is never refused."""

from dataclasses import replace
from datetime import datetime

from services.tracking.domain.facts import Assigned, Noted, ProjectionFact, Recorded, Released
from services.tracking.domain.precedence import next_act, open_tasks
from services.tracking.domain.state import (
    URGENCIES,
    Assignment,
    Note,
    Phase,
    Progress,
    Projection,
    Status,
    Stream,
    Summary,
)
from shared.contracts.intake import (
    ConsultReportReceived,
    InformationRequested,
    InformationSupplied,
    ReferralCancelled,
    ReferralClosed,
    ReferralFoundComplete,
    ReferralReceived,
)
from shared.contracts.language import Fact, Task
from shared.contracts.notifications import MessageSent
from shared.contracts.processing import ReferralParked, ReferralUnparked
from shared.contracts.scheduling import VisitFulfilled

_PHASES: dict[type[Fact], Phase] = {
    ReferralReceived: "received",
    InformationRequested: "awaiting_information",
    InformationSupplied: "received",
    ReferralFoundComplete: "in_progress",
    ReferralCancelled: "winding_down",
    ReferralClosed: "closed",
}


def evolve(projection: Projection, fact: ProjectionFact) -> Projection:
    """Fold one fact."""
    match fact:
        case Recorded():
            return _recorded(projection, fact)
        case Assigned(by=by, at=at):
            return replace(projection, claim=Assignment(by, at))
        case Released():
            return replace(projection, claim=None)
        case Noted(code=code, by=by, at=at):
            return replace(projection, notes=(*projection.notes, Note(code, by, at)))


def tasks(projection: Projection) -> tuple[Task, ...]:
    """All open tasks of the services, in the order of precedence."""
    return tuple(task for _, task in open_tasks(projection.stories, is_closed=projection.progress.phase == "closed"))


def next_due(_track: Projection) -> datetime | None:
    """None: the services that own deadlines keep them."""
    return None


def _recorded(projection: Projection, recorded: Recorded) -> Projection:
    service = recorded.envelope.service
    stream = _extended(projection.stories[service], recorded)
    stories = {**projection.stories, service: stream}
    progress = _advanced(projection.progress, recorded.fact)
    return replace(projection, stories=stories, progress=progress, standing=_standing(stories, progress))


def _extended(stream: Stream, recorded: Recorded) -> Stream:
    is_parked = stream.is_parked
    if isinstance(recorded.fact, ReferralParked | ReferralUnparked):
        is_parked = isinstance(recorded.fact, ReferralParked)
    return Stream(recorded.envelope.sequence, recorded.hash, recorded.fact.tasks, is_parked)


def _advanced(progress: Progress, fact: Fact) -> Progress:
    progress = replace(
        progress,
        phase=_PHASES.get(type(fact), progress.phase),
        payer=getattr(fact, "payer", progress.payer),
    )
    match fact:
        case ReferralReceived(priority=priority, occurred_at=received_at, needed_by=needed_by):
            return replace(progress, priority=priority, received_at=received_at, needed_by=needed_by)
        case ConsultReportReceived(kind="final"):
            return replace(progress, has_report=True)
        case ReferralClosed(outcome=outcome):
            return replace(progress, outcome=outcome)
        case VisitFulfilled():
            return replace(progress, is_seen=True)
        case MessageSent(kind="visit_booked", occurred_at=told_at) if progress.told_at is None:
            return replace(progress, told_at=told_at)
    return progress


def _standing(stories: dict[str, Stream], progress: Progress) -> Summary:
    tasks = open_tasks(stories, is_closed=progress.phase == "closed")
    return Summary(
        situation=_situation(progress),
        urgency=URGENCIES[progress.priority],
        next=next_act(tasks),
        tasks=len(tasks),
        parked=tuple(service for service, stream in stories.items() if stream.is_parked),
        told_after_s=_told_after_s(progress),
    )


def _situation(progress: Progress) -> Status:
    """Intake's state. A patient who was seen is owed a report, even if the referral had been cancelled."""
    if progress.phase in {"unheard", "closed"}:
        return progress.phase
    if progress.has_report:
        return "awaiting_acknowledgement"
    return "awaiting_report" if progress.is_seen else progress.phase


def _told_after_s(progress: Progress) -> int | None:
    if progress.received_at is None or progress.told_at is None:
        return None
    return max(0, int((progress.told_at - progress.received_at).total_seconds()))
