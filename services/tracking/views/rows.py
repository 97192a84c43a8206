"""One referral as lists and pages show it."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.tracking.domain import Projection, Status, allowed, open_tasks
from shared.contracts.intake import Outcome
from shared.contracts.language import Actor, Owner, Priority, Task
from shared.contracts.vocabulary import Open
from shared.engine import Document, Engine
from shared.errors import NotFound


class Shown(BaseModel):
    """Something that is shown, and never changed."""

    model_config = ConfigDict(frozen=True)


class Act(Shown):
    """What must happen: which service waits for it, who does it, by when."""

    service: str
    act: str
    owner: Open[Owner]
    queue: str
    due_at: AwareDatetime
    is_overdue: bool


class Row(Shown):
    """Where a referral stands. `parked` names the services that could not take something in."""

    referral_id: str
    version: int
    state: Status
    outcome: Open[Outcome] | None
    priority: Priority | None
    payer: str | None
    received_at: AwareDatetime | None
    needed_by: AwareDatetime | None
    next: Act | None
    parked: tuple[str, ...]
    claimed_by: str | None
    claimed_since: AwareDatetime | None


class NoteShown(Shown):
    """What somebody did."""

    code: str
    by: str
    at: AwareDatetime


class Referral(Shown):
    """One referral, all that must happen (the first as in its row), its notes, and what the caller may do now."""

    row: Row
    tasks: tuple[Act, ...]
    notes: tuple[NoteShown, ...]
    allowed: tuple[str, ...]


def row(engine: Engine, document: Document, now: datetime) -> Row:
    """The row of a document. What tracking itself could not take in is an operator's next act, as in every service."""
    projection: Projection = document.state
    standing, progress, claim = projection.standing, projection.progress, projection.claim
    return Row(
        referral_id=document.id,
        version=document.version,
        state=standing.situation,
        outcome=progress.outcome,
        priority=progress.priority,
        payer=progress.payer,
        received_at=progress.received_at,
        needed_by=progress.needed_by,
        next=next(iter(_acts(engine, document, now)), None),
        parked=(*standing.parked, "tracking") if document.is_parked else standing.parked,
        claimed_by=claim.by if claim else None,
        claimed_since=claim.since if claim else None,
    )


def referral(engine: Engine, document: Document, now: datetime, by: Actor, *, by_lead: bool) -> Referral:
    """One referral for one caller. Raises NotFound when nothing is known of it."""
    projection: Projection = document.state
    if not projection.is_heard and not document.is_parked:
        raise NotFound
    return Referral(
        row=row(engine, document, now),
        tasks=_acts(engine, document, now),
        notes=tuple(NoteShown(code=note.code, by=note.by, at=note.at) for note in projection.notes),
        allowed=tuple(sorted(allowed(projection, by, now, by_lead=by_lead))),
    )


def _acts(engine: Engine, document: Document, now: datetime) -> tuple[Act, ...]:
    """In the order of precedence. While tracking itself is parked, an operator's is the only one."""
    projection: Projection = document.state
    if document.is_parked:
        return tuple(_act("tracking", task, now) for task in engine.tasks_of(document))
    found = open_tasks(projection.stories, is_closed=projection.progress.phase == "closed")
    return tuple(_act(service, task, now) for service, task in found)


def _act(service: str, task: Task, now: datetime) -> Act:
    is_overdue = task.due_at < now
    return Act(
        service=service, act=task.act, owner=task.owner, queue=task.queue, due_at=task.due_at, is_overdue=is_overdue
    )
