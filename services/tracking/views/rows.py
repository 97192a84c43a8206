"""One referral as lists and pages show it."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.tracking.domain import Situation, Track, allowed
from shared.aggregates import Document, Engine
from shared.contracts.intake import Outcome
from shared.contracts.language import Actor, Owner, Priority
from shared.errors import NotFound


class Shown(BaseModel):
    """Something that is shown, and never changed."""

    model_config = ConfigDict(frozen=True)


class Act(Shown):
    """What must happen next: which service waits for it, who does it, by when."""

    service: str
    act: str
    owner: Owner
    queue: str
    due_at: AwareDatetime
    is_overdue: bool


class Row(Shown):
    """Where a referral stands. `parked` names the services that could not take something in."""

    referral_id: str
    version: int
    state: Situation
    outcome: Outcome | None
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
    """One referral, its notes, and what the caller may do now."""

    row: Row
    notes: tuple[NoteShown, ...]
    allowed: tuple[str, ...]


def row(engine: Engine, document: Document, now: datetime) -> Row:
    """The row of a document. What tracking itself could not take in is an operator's next act, as in every service."""
    track: Track = document.state
    standing, progress, claim = track.standing, track.progress, track.claim
    return Row(
        referral_id=document.id,
        version=document.version,
        state=standing.situation,
        outcome=progress.outcome,
        priority=progress.priority,
        payer=progress.payer,
        received_at=progress.received_at,
        needed_by=progress.needed_by,
        next=_act(engine, document, now),
        parked=(*standing.parked, "tracking") if document.is_parked else standing.parked,
        claimed_by=claim.by if claim else None,
        claimed_since=claim.since if claim else None,
    )


def referral(engine: Engine, document: Document, now: datetime, by: Actor, *, by_lead: bool) -> Referral:
    """One referral for one caller. Raises NotFound when nothing is known of it."""
    track: Track = document.state
    if not track.is_heard and not document.is_parked:
        raise NotFound
    return Referral(
        row=row(engine, document, now),
        notes=tuple(NoteShown(code=note.code, by=note.by, at=note.at) for note in track.notes),
        allowed=tuple(sorted(allowed(track, by, now, by_lead=by_lead))),
    )


def _act(engine: Engine, document: Document, now: datetime) -> Act | None:
    step = engine.draft(document).step()
    if step is None:
        return None
    waiting = document.state.standing.next
    return Act(
        service="tracking" if document.is_parked or waiting is None else waiting.service,
        is_overdue=step.due_at < now,
        **step.model_dump(),
    )
