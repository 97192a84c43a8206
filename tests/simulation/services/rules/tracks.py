"""Tracking's read model is what a fold of the topics from zero gives, and shows whose turn it is."""

from datetime import UTC, datetime
from typing import Any

from services.tracking.domain import INITIAL, Projection, RecordEnvelope, evolve
from services.tracking.domain import decide as decide_track
from services.tracking.domain.ledger import is_whole
from shared.contracts.envelope import SERVICES, from_headers
from shared.contracts.language import Actor
from tests.simulation.services.rules.known import COLLECTIONS, Known, kind_of

ANYBODY = Actor(kind="service", id="anybody")
ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def wrong_tracks(known: Known) -> list[str]:
    """What is wrong with the read model."""
    found = []
    rows = known.cluster.disk.rows_of(COLLECTIONS["tracking"])
    for key, track in known.states("tracking").items():
        folded = _folded(known, key)
        encode = known.deciders[COLLECTIONS["tracking"]].encode
        if encode(track) != encode(folded):
            found.append(f"the track of {key} is {track}, from zero it is {folded}")
        found += _wrong_ledger(key, track, [row for row in rows if row["subject"] == key])
        found += _wrong_standing(known, key, track)
    return found


def _folded(known: Known, key: str) -> Projection:
    """One service after the other: the interleaving must not matter."""
    track = INITIAL
    for service in SERVICES:
        for _, record in sorted(known.story.get((service, key), {}).items()):
            envelope, value = from_headers(record.headers, record.key, record.topic), record.value or b""
            fact = kind_of(envelope.type).model_validate_json(value)
            said: dict[str, Any] = {"at": ANY_TIME, "by": ANYBODY, "channel": "kafka"}
            command = RecordEnvelope(**said, envelope=envelope, fact=fact, value=value)
            for each in decide_track(command, track):
                track = evolve(track, each)
    return track


def _wrong_ledger(key: str, track: Projection, rows: list[Any]) -> list[str]:
    found = []
    for service in SERVICES:
        mine = sorted((row for row in rows if row["service"] == service), key=lambda row: int(row["sequence"]))
        if not is_whole(mine, track.stories[service].head):
            found.append(f"the ledger of {service} on {key} is not whole")
    return found


def _wrong_standing(known: Known, key: str, track: Projection) -> list[str]:
    """An open referral has an owner, an act and a due time; a closed one waits for nobody."""
    referral, next_act = known.states("intake").get(key), track.standing.next
    if referral is None or (referral.is_closed and next_act is None):
        return []
    if not referral.is_closed and next_act is None:
        return [f"{key} is {referral.situation} and waits for nobody"]
    return []
