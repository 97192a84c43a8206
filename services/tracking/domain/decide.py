"""Decides the commands of a track: records each fact once, and lets people act while somebody has a task."""

from datetime import datetime

from services.tracking.domain.commands import AddNote, AssignReferral, RecordEnvelope, ReleaseReferral
from services.tracking.domain.facts import Assigned, Noted, ProjectionFact, Recorded, Released
from services.tracking.domain.ledger import link
from services.tracking.domain.state import Projection
from shared.contracts.language import Actor, Command, Tick
from shared.errors import Conflict, NotFound, Rejected

MOST_NOTES = 200
"""A limit, because a document has a maximum size. A referral with so many notes needs a conversation instead."""


def decide(command: Command, projection: Projection) -> list[ProjectionFact]:
    """Return the facts that follow: none if it is so already, Rejected if it is not allowed."""
    match command:
        case RecordEnvelope():
            return _record(command, projection)
        case AssignReferral():
            return _claim(command, projection)
        case ReleaseReferral():
            return _release(command, projection)
        case AddNote():
            return _note(command, projection)
        case Tick():
            return []
    raise Rejected("unknown-command", "Tracking does not know this command.")


def allowed(projection: Projection, by: Actor, at: datetime, *, by_lead: bool) -> frozenset[str]:
    """The commands that this person could send now. It asks `decide`, so that buttons and server never disagree."""
    candidates: dict[str, Command] = {
        "claim": AssignReferral(at=at, by=by, channel="console"),
        "release": ReleaseReferral(at=at, by=by, channel="console", by_lead=by_lead),
        "note": AddNote(at=at, by=by, channel="console", code="left_message"),
    }
    return frozenset(name for name, command in candidates.items() if _does_something(command, projection))


def _does_something(command: Command, projection: Projection) -> bool:
    try:
        return bool(decide(command, projection))
    except Rejected:
        return False


def _record(command: RecordEnvelope, projection: Projection) -> list[ProjectionFact]:
    envelope = command.envelope
    stream = projection.stories[envelope.service]
    if envelope.sequence <= stream.sequence:
        return []
    hash_ = link(stream.head, envelope, command.value)
    return [Recorded(envelope, command.fact, command.value, prev=stream.head, hash=hash_)]


def _claim(command: AssignReferral, projection: Projection) -> list[ProjectionFact]:
    _require_heard(projection)
    if projection.claim and projection.claim.by == command.by.id:
        return []
    if projection.claim:
        raise Conflict("claimed", "Somebody else has claimed this referral.")
    if projection.standing.next is None:
        raise Rejected("nothing-to-do", "Nobody needs to do anything about this referral.")
    return [Assigned(by=command.by.id, at=command.at)]


def _release(command: ReleaseReferral, projection: Projection) -> list[ProjectionFact]:
    _require_heard(projection)
    if projection.claim is None:
        return []
    if projection.claim.by != command.by.id and not command.by_lead:
        raise Conflict("claimed", "Only who claimed this referral, or a lead, can release it.")
    return [Released()]


def _note(command: AddNote, projection: Projection) -> list[ProjectionFact]:
    _require_heard(projection)
    if len(projection.notes) >= MOST_NOTES:
        raise Rejected("too-many-notes", f"A referral takes {MOST_NOTES} notes at most.")
    return [Noted(code=command.code, by=command.by.id, at=command.at)]


def _require_heard(projection: Projection) -> None:
    if not projection.is_heard:
        raise NotFound
