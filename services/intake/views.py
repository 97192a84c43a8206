"""The view of a referral: its state, tasks and allowed actions, without anything that is sealed."""

from datetime import datetime

from pydantic import BaseModel

from services.intake.domain import Referral, allowed
from services.intake.domain.state import KeptReport, MatchCause, Report, Review, ReviewCause, Status
from shared.contracts.intake import Item, Outcome, ReportKind
from shared.contracts.language import Actor, Priority, Task
from shared.engine import Document, Engine
from shared.errors import NotFound


class ShownRequest(BaseModel):
    """What is asked for, and under which id it is answered."""

    request_id: str
    items: tuple[Item, ...]


class ShownReport(BaseModel):
    """A report that came."""

    report_id: str
    kind: ReportKind
    is_acknowledged: bool


class ShownKeptReport(BaseModel):
    """A report that counts for nothing until a person says whether it belongs here, or was set aside by one."""

    report_id: str
    kind: ReportKind
    visit_id: str | None
    cause: MatchCause
    is_set_aside: bool


class ShownReview(BaseModel):
    """How the order changed. `elements` are JSON pointers into an order of ours; what stands there stays sealed."""

    order_version: int
    cause: ReviewCause
    elements: tuple[str, ...]


class ShownReferral(BaseModel):
    """A referral. `state` is its situation, `tasks` who must do what by when, `allowed` what the caller may do now."""

    referral_id: str
    version: int
    state: Status
    priority: Priority
    pathway: str
    patient_ref: str
    authored_at: datetime
    needed_by: datetime
    order_expires_at: datetime
    tasks: tuple[Task, ...]
    information_request: ShownRequest | None
    order_review: ShownReview | None
    is_on_hold: bool
    reports: tuple[ShownReport, ...]
    kept_reports: tuple[ShownKeptReport, ...]
    outcome: Outcome | None
    allowed: tuple[str, ...]


def referral_of(document: Document) -> Referral:
    """The referral that a document holds. Raises NotFound when all that it holds is what waits for an operator."""
    if not isinstance(document.state, Referral):
        raise NotFound
    return document.state


def shown(engine: Engine, document: Document, by: Actor, at: datetime) -> ShownReferral:
    """The referral as anybody may see it, with every action that would do something. Raises NotFound."""
    referral = referral_of(document)
    return ShownReferral(
        referral_id=referral.referral_id,
        priority=referral.priority,
        pathway=referral.pathway,
        patient_ref=referral.patient_ref,
        authored_at=referral.authored_at,
        needed_by=referral.needed_by,
        order_expires_at=referral.order_expires_at,
        version=document.version,
        state=referral.situation,
        tasks=engine.tasks_of(document),
        information_request=_open_request(referral),
        order_review=_review(referral.review),
        is_on_hold=referral.held_at is not None,
        reports=tuple(map(_report, referral.reports)),
        kept_reports=tuple(map(_kept, referral.kept_reports)),
        outcome=referral.end.outcome if referral.is_closed and referral.end else None,
        allowed=tuple(sorted(allowed(referral, by, at, tuple(document.waiting)))),
    )


def _open_request(referral: Referral) -> ShownRequest | None:
    if referral.situation != "awaiting_information":
        return None
    request = referral.requests[-1]
    return ShownRequest(request_id=request.request_id, items=request.items)


def _review(review: Review | None) -> ShownReview | None:
    if review is None:
        return None
    return ShownReview(order_version=review.order_version, cause=review.cause, elements=review.elements)


def _report(report: Report) -> ShownReport:
    return ShownReport(report_id=report.report_id, kind=report.kind, is_acknowledged=report.is_acknowledged)


def _kept(kept: KeptReport) -> ShownKeptReport:
    return ShownKeptReport(
        report_id=kept.report.report_id,
        kind=kept.report.kind,
        visit_id=kept.visit_id,
        cause=kept.cause,
        is_set_aside=kept.set_aside is not None,
    )
