"""Reads the documents of the five services, and waits until nothing in them is under way."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from typing import Any

from pymongo import MongoClient

from services.authorization.store import CASE
from services.authorization.store import COLLECTION as CASES
from services.intake.store import COLLECTION as REFERRALS
from services.intake.store import REFERRAL
from services.notifications.store import COLLECTION as CONVERSATIONS
from services.notifications.store import CONVERSATION
from services.scheduling.domain.calendar import days_of, life_of, resources_of
from services.scheduling.domain.calendar_day import CalendarDay
from services.scheduling.domain.state import Placement
from services.scheduling.gateways.calendar import visit_id
from services.scheduling.store import CALENDAR_DAY, CALENDAR_DAYS, PLACEMENT, PLACEMENTS
from services.tracking.domain import Projection
from services.tracking.domain.ledger import is_whole
from services.tracking.store import COLLECTION as TRACKS
from services.tracking.store import TRACK
from shared.contracts.envelope import Envelope
from shared.effects.protocol import id_of
from shared.effects.stored import record_from_stored
from shared.engine import Decider
from tests.chaos.evidence import Asked, Chain, Claim, EventContext, Message, Standing, Visit
from tests.chaos.reading.digests import content_of
from tests.support.identifiers import IDENTIFIERS

MAIN: Mapping[str, str] = {
    "intake": REFERRALS,
    "authorization": CASES,
    "scheduling": PLACEMENTS,
    "notifications": CONVERSATIONS,
    "tracking": TRACKS,
}
"""The collection of each service that has one document per referral."""
_ASKING: Mapping[str, Decider] = {"intake": REFERRAL, "authorization": CASE, "scheduling": PLACEMENT}
COUNTED_AS: Mapping[str, str] = {
    "submission": "authorization",
    "office_request": "office_request",
    "appointment": "visit",
    "information_request": "information",
    "report": "acknowledgement",
}
"""Per kind of effect, what the simulators call it."""
_POLL_S = 0.5
Stored = dict[str, Any]
Client = MongoClient[Stored]


@dataclass(frozen=True)
class Database:
    """Everything that the databases say."""

    documents: tuple[EventContext, ...]
    ledger: tuple[Chain, ...]
    standings: tuple[Standing, ...]
    asked: tuple[Asked, ...]
    messages: tuple[Message, ...]
    visits: tuple[Visit, ...]
    claims: tuple[Claim, ...]


def database(uri: str, phones: Mapping[str, str]) -> Database:
    """Read it all. `phones` are the patients' numbers by referral, which rest sealed."""
    client: Client
    with MongoClient(uri, tz_aware=True) as client:
        placements = {s["_id"]: _state(PLACEMENT, s) for s in _all(client, "scheduling", PLACEMENTS)}
        tracks = {s["_id"]: _state(TRACK, s) for s in _all(client, "tracking", TRACKS)}
        conversations = _all(client, "notifications", CONVERSATIONS)
        days = _all(client, "scheduling", CALENDAR_DAYS)
        return Database(
            documents=tuple(_documents(client)),
            ledger=tuple(_ledger(client, tracks)),
            standings=tuple(_standing(subject, track) for subject, track in tracks.items()),
            asked=tuple(_asked(client)),
            messages=tuple(m for stored in conversations for m in _messages(stored, phones.get(stored["_id"], ""))),
            visits=tuple(v for subject, placement in placements.items() for v in _visits(subject, placement)),
            claims=tuple(c for day in days for c in _claims(day["_id"], _state(CALENDAR_DAY, day), placements)),
        )


def wait_for_rest(uri: str, timeout_s: float) -> None:
    """Wait until no outbox holds anything, since confirmed ones are cleared lazily; give up after a while."""
    deadline = time.monotonic() + timeout_s
    client: Client
    with MongoClient(uri) as client:
        while time.monotonic() < deadline and any(
            client[service][name].find_one({"unpublished_at": {"$exists": True}}) for service, name in MAIN.items()
        ):
            time.sleep(_POLL_S)


_OWN: Stored = {"_id": {"$not": {"$regex": ":"}}}
"""Leaves out what only holds records, of no referral or of one that could not take them."""
_NO_REDIRECT: Stored = {"state.situation": {"$ne": "elsewhere"}}
"""Leaves out an order's other names at intake: each leads to the referral, and is none."""


def _all(client: Client, service: str, collection: str) -> Iterator[Stored]:
    yield from client[service][collection].find(_OWN)


def _documents(client: Client) -> Iterator[EventContext]:
    wanted = {"told": 1, "seen": 1, "outbox": 1, "is_parked": 1, "calls.call": 1}
    for service, collection in MAIN.items():
        for stored in client[service][collection].find(
            {"$or": [{**_OWN, **_NO_REDIRECT}, {"is_parked": True}]}, wanted
        ):
            yield EventContext(
                service=service,
                subject=stored["_id"],
                told=stored["told"],
                seen=stored["seen"],
                outbox=len(stored["outbox"]),
                is_parked=stored.get("is_parked", False),
                live_calls=sum(record["call"] is not None for record in stored["calls"]),
            )


def _asked(client: Client) -> Iterator[Asked]:
    for service, decider in _ASKING.items():
        for stored in _all(client, service, MAIN[service]):
            yield from asked_by(decider, stored)


def asked_by(decider: Decider, stored: Stored) -> Iterator[Asked]:
    """What one document asks for outside."""
    state = _state(decider, stored)
    for record in map(record_from_stored, stored["calls"]):
        if record.kind in COUNTED_AS:
            yield Asked(
                subject=stored["_id"],
                kind=COUNTED_AS[record.kind],
                identifier=IDENTIFIERS[record.kind](stored["_id"], state, record),
                is_wanted=record.is_wanted,
                has_person=record.has_person,
                is_under_way=record.call is not None or record.tries > 0,
            )


def _ledger(client: Client, tracks: Mapping[str, Projection]) -> Iterator[Chain]:
    rows = client["tracking"][f"{TRACKS}_ledger"].find().sort("subject", 1)
    for subject, of_subject in groupby(rows, key=lambda row: str(row["subject"])):
        by_service: defaultdict[str, list[Stored]] = defaultdict(list)
        for row in sorted(of_subject, key=lambda row: int(row["sequence"])):
            by_service[row["service"]].append(row)
        for service, chain in by_service.items():
            head = tracks[subject].stories[service].head if subject in tracks else ""
            sequences, contents = tuple(row["sequence"] for row in chain), tuple(map(content_of_row, chain))
            yield Chain(service, subject, sequences, is_whole(chain, head), contents)


def content_of_row(row: Stored) -> str:
    """A digest of what a row keeps of a fact."""
    names = (field.name for field in fields(Envelope) if field.name != "time")
    envelope = Envelope(**{name: row[name] for name in names}, time=datetime.fromisoformat(row["time"]))
    return content_of(envelope, row["data"])


def _standing(subject: str, track: Projection) -> Standing:
    phase, act = track.progress.phase, track.standing.next
    return Standing(subject, phase, act.act, act.owner, act.due_at) if act else Standing(subject, phase)


def _messages(stored: Stored, phone: str) -> Iterator[Message]:
    conversation = _state(CONVERSATION, stored)
    for record in map(record_from_stored, stored["calls"]):
        message = conversation.message(record.revision)
        id_ = id_of(stored["_id"], record)
        if message is not None:
            yield Message(stored["_id"], message.effect_kind, id_, phone, record.number, message.was_sent)


def _visits(subject: str, placement: Placement) -> Iterator[Visit]:
    if placement.order is None:
        return
    for visit in placement.visits:
        slot = visit.attempt.slot
        yield Visit(
            subject=subject,
            visit_id=visit_id(subject, visit.attempt.number),
            attempt=visit.attempt.number,
            is_kept=visit.is_kept,
            resources=resources_of(placement.order, slot),
            days=days_of(placement.order, slot),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
        )


def _claims(day_id: str, day: CalendarDay, placements: Mapping[str, Placement]) -> Iterator[Claim]:
    for claim in day.claims:
        placement = placements.get(claim.placement_id)
        life = life_of(placement, claim.attempt) if placement else "dead"
        yield Claim(day_id, claim.placement_id, claim.attempt, life)


def _state(decider: Decider, stored: Stored) -> Any:
    return decider.decode(stored["state"], stored["schema"])
