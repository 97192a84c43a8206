"""Tracks at rest: the decider's collection, the indexes that its lists need, and the queries that use them.

Every query names its tenant. Field names appear here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from services.tracking.domain import INITIAL, Doer, Projection, as_text, decide, evolve, next_due, row_of, tasks
from services.tracking.domain.facts import ProjectionFact
from services.tracking.domain.ledger import id_of, says_the_same
from shared.contracts.language import Command
from shared.engine import Decider
from shared.messaging.other_content import Compare, Copy
from shared.ports import Collection, Received, Stored


def _with_tasks(stored: Stored) -> Stored:
    """Each service once had one step, which is its one task."""
    stories = {service: _with_the_one_task(story) for service, story in stored["stories"].items()}
    standing = {**stored["standing"], "tasks": 1 if stored["standing"]["next"] else 0}
    return {**stored, "stories": stories, "standing": standing}


def _with_the_one_task(story: Stored) -> Stored:
    step = story["step"]
    tasks = [{"id": step["act"], **step}] if step else []
    return {**{name: value for name, value in story.items() if name != "step"}, "tasks": tasks}


TRACK: Decider[Projection, Command, ProjectionFact] = Decider(
    name="track",
    initial=INITIAL,
    state_type=Projection,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    next_due=next_due,
    row_of=row_of,
    schema=2,
    upcasters={1: _with_tasks},
)
COLLECTION = "tracks"

Query = dict[str, Any]
Sort = Literal["due_at", "priority"]

OWNER, ACT = "state.standing.next.owner", "state.standing.next.act"
DUE_AT, QUEUE = "state.standing.next.due_at", "state.standing.next.queue"
URGENCY, SITUATION = "state.standing.urgency", "state.standing.situation"
PARKED, CLAIMED_BY = "state.standing.parked", "state.claim.by"
TOLD_AFTER_S, TASKS = "state.standing.told_after_s", "state.standing.tasks"
PAYER, OUTCOME = "state.progress.payer", "state.progress.outcome"

_ALL_OWNERS: Sequence[Doer] = (
    "coordinator",
    "nurse",
    "clinician",
    "specialist",
    "payer",
    "patient",
    "operator",
    "system",
    "other",
)
_ALL_URGENCIES = list(range(5))
_SOMETHING_WAITS: Query = {"$exists": True}

INDEXES: tuple[tuple[Sequence[tuple[str, int]], dict[str, Any]], ...] = (
    # Both orders of the worklist: a query names every owner, and for the order by due time every urgency, which
    # lets the database merge sorted ranges of this one index.
    (
        (("tenant", 1), (OWNER, 1), (URGENCY, 1), (DUE_AT, 1), ("_id", 1), (QUEUE, 1)),
        {"name": "worklist", "partialFilterExpression": {DUE_AT: _SOMETHING_WAITS}},
    ),
    (
        (("tenant", 1), (CLAIMED_BY, 1)),
        {"name": "claimed", "partialFilterExpression": {CLAIMED_BY: {"$exists": True}}},
    ),
    (
        (("tenant", 1), (f"{PARKED}.0", 1)),
        {"name": "parked", "partialFilterExpression": {f"{PARKED}.0": {"$exists": True}}},
    ),
    (
        (("tenant", 1), (TOLD_AFTER_S, 1)),
        {"name": "told", "partialFilterExpression": {TOLD_AFTER_S: {"$gte": 0}}},
    ),
    ((("tenant", 1), (SITUATION, 1), (OUTCOME, 1), (PAYER, 1)), {"name": "summary"}),
)


def waiting(tenant: str, owners: Sequence[Doer] = (), queue: str | None = None) -> Query:
    """Tracks that wait for somebody: for these owners (none: for anybody), in this queue."""
    query: Query = {"tenant": tenant, OWNER: {"$in": list(owners or _ALL_OWNERS)}, DUE_AT: _SOMETHING_WAITS}
    return query | ({QUEUE: queue} if queue else {})


def overdue(now: datetime) -> Query:
    """What was due before now."""
    return {DUE_AT: {"$lt": as_text(now)}}


def claimed_by(subject: str) -> Query:
    """What this person looks after."""
    return {CLAIMED_BY: subject}


def parked(tenant: str) -> Query:
    """Tracks of which some service, or tracking itself, could not take something in; these may wait for nobody yet."""
    return {"$or": [{"tenant": tenant, "is_parked": True}, {"tenant": tenant, f"{PARKED}.0": {"$exists": True}}]}


def announced(tenant: str) -> Query:
    """Tracks whose patient was told of a visit."""
    return {"tenant": tenant, TOLD_AFTER_S: {"$gte": 0}}


LEDGER_ORDER = ("time", "source", "sequence")
"""The fields by which a timeline is sorted: no two facts of a referral agree in all of them."""


def told_of(tenant: str, referral_id: str, known: Mapping[str, int]) -> Query:
    """The rows of a referral, of each service up to the sequence that its track holds."""
    up_to = [{"service": service, "sequence": {"$lte": sequence}} for service, sequence in known.items()]
    return {"subject": referral_id, "tenant": tenant, "$and": [{"$or": up_to}]}


def story_of(tenant: str, referral_id: str, service: str, after: int, up_to: int) -> Query:
    """The rows of one service about a referral, above a sequence."""
    mine = {"subject": referral_id, "tenant": tenant, "service": service}
    return {**mine, "sequence": {"$gt": after, "$lte": up_to}}


def rows_of(tenants: Mapping[str, str]) -> Query:
    """The rows of these ids, each of its tenant."""
    return {"$or": [{"_id": id_, "tenant": tenant} for id_, tenant in tenants.items()]}


def past(position: Sequence[Any], direction: int) -> Query:
    """The rows beyond a place in a timeline, upwards or downwards."""
    step = "$gt" if direction > 0 else "$lt"
    places = list(zip(LEDGER_ORDER, position, strict=True))
    return {"$or": [{**dict(places[:n]), name: {step: value}} for n, (name, value) in enumerate(places)]}


def sort_fields(sort: Sort) -> tuple[str, ...]:
    """The fields of an order; the id makes it total, so that a page can end anywhere."""
    return (URGENCY, DUE_AT, "_id") if sort == "priority" else (DUE_AT, "_id")


def merged(sort: Sort) -> Query:
    """What lets the worklist index deliver this order."""
    return {} if sort == "priority" else {URGENCY: {"$in": _ALL_URGENCIES}}


def beyond(sort: Sort, position: Sequence[Any]) -> Query:
    """What comes after a position in an order. Nothing is skipped over, however far down the page is."""
    fields = sort_fields(sort)
    alternatives = [
        {**dict(zip(fields[:n], position[:n], strict=True)), name: _greater(value)}
        for n, (name, value) in enumerate(zip(fields, position, strict=True))
    ]
    first = {} if position[0] is None else {fields[0]: {"$gte": position[0]}}
    return {**first, "$or": alternatives}


def _greater(value: Any) -> Query:
    """Null sorts first, and the database compares only within a type."""
    return {"$ne": None} if value is None else {"$gt": value}


def field_of(stored: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    found: Any = stored
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def compare(store: Collection) -> Compare:
    """What comes again held against the ledger beside this collection: a number may not say something else."""

    async def others(copies: Sequence[Copy]) -> Sequence[Received]:
        """What says something else than its row. Where there is no row it was given up, and says nothing."""
        tenants = {id_of(envelope): envelope.tenant for _, envelope in copies}
        rows = {row["_id"]: row for row in await store.find_rows(rows_of(tenants), len(tenants))}
        known = [(record, envelope, rows[id_of(envelope)]) for record, envelope in copies if id_of(envelope) in rows]
        return [record for record, envelope, row in known if not says_the_same(row, envelope, record.value or b"")]

    return others
