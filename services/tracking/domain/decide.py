"""What may happen to a track: everything that a service told, once; and what people do while somebody must act."""

from datetime import datetime

from services.tracking.domain.commands import AddNote, ClaimReferral, RecordEnvelope, ReleaseReferral
from services.tracking.domain.facts import Claimed, Noted, Recorded, Released, TrackFact
from services.tracking.domain.ledger import link
from services.tracking.domain.state import Track
from shared.contracts.language import Actor, Command, Tick
from shared.errors import Conflict, NotFound, Rejected

MOST_NOTES = 200
"""A document has a limit; long before it, a referral with so many notes needs a conversation instead."""


def decide(command: Command, track: Track) -> list[TrackFact]:
    """Return the facts that follow: none if it is so already, Rejected if it is not allowed."""
    match command:
        case RecordEnvelope():
            return _record(command, track)
        case ClaimReferral():
            return _claim(command, track)
        case ReleaseReferral():
            return _release(command, track)
        case AddNote():
            return _note(command, track)
        case Tick():
            return []
    raise Rejected("unknown-command", "Tracking does not know this command.")


def allowed(track: Track, by: Actor, at: datetime, *, by_lead: bool) -> frozenset[str]:
    """What this person could do now, asked of `decide` itself, so that a button and the server never disagree."""
    candidates: dict[str, Command] = {
        "claim": ClaimReferral(at=at, by=by, channel="console"),
        "release": ReleaseReferral(at=at, by=by, channel="console", by_lead=by_lead),
        "note": AddNote(at=at, by=by, channel="console", code="left_message"),
    }
    return frozenset(name for name, command in candidates.items() if _does_something(command, track))


def _does_something(command: Command, track: Track) -> bool:
    try:
        return bool(decide(command, track))
    except Rejected:
        return False


def _record(command: RecordEnvelope, track: Track) -> list[TrackFact]:
    envelope = command.envelope
    story = track.stories[envelope.service]
    if envelope.sequence <= story.sequence:
        return []
    hash_ = link(story.head, envelope, command.value)
    return [Recorded(envelope, command.fact, command.value, prev=story.head, hash=hash_)]


def _claim(command: ClaimReferral, track: Track) -> list[TrackFact]:
    _require_heard(track)
    if track.claim and track.claim.by == command.by.id:
        return []
    if track.claim:
        raise Conflict("claimed", "Somebody else has claimed this referral.")
    if track.standing.next is None:
        raise Rejected("nothing-to-do", "Nobody needs to do anything about this referral.")
    return [Claimed(by=command.by.id, at=command.at)]


def _release(command: ReleaseReferral, track: Track) -> list[TrackFact]:
    _require_heard(track)
    if track.claim is None:
        return []
    if track.claim.by != command.by.id and not command.by_lead:
        raise Conflict("claimed", "Only who claimed this referral, or a lead, can release it.")
    return [Released()]


def _note(command: AddNote, track: Track) -> list[TrackFact]:
    _require_heard(track)
    if len(track.notes) >= MOST_NOTES:
        raise Rejected("too-many-notes", f"A referral takes {MOST_NOTES} notes at most.")
    return [Noted(code=command.code, by=command.by.id, at=command.at)]


def _require_heard(track: Track) -> None:
    if not track.is_heard:
        raise NotFound
