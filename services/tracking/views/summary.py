"""How all referrals of a tenant stand: by state and payer, where they wait, and how long patients wait to be told."""

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import AwareDatetime, ValidationError

from services.tracking import store as tracks
from services.tracking.domain import Doer, Status, as_text
from services.tracking.store import Query
from services.tracking.views.rows import Shown
from shared.contracts.intake import Outcome
from shared.contracts.vocabulary import Open
from shared.ports import Collection

_IS_A_TIME: Final[Query] = {"$lt": ":"}
"""Text that begins with a digit."""


class ByState(Shown):
    """How many referrals with this payer are in this state, and for closed ones with which outcome."""

    state: Status
    outcome: Open[Outcome] | None
    payer: str | None
    count: int


class Waiting(Shown):
    """How many wait for this act of this owner, how many of them are overdue, and the earliest due time.

    `of_closed` are referrals that are closed, and for which our own people still owe something.
    """

    owner: Doer
    act: str
    count: int
    of_closed: int
    overdue: int
    earliest_due_at: AwareDatetime


class TimeToTold(Shown):
    """Seconds from intake to the patient's first message about a visit; None while nobody was told."""

    count: int
    p50_s: int | None = None
    p90_s: int | None = None
    max_s: int | None = None


class Summary(Shown):
    """How everything stands. `tasks` are all that are open, of which `waits_for` counts the first of each referral."""

    as_of: AwareDatetime
    referrals: int
    closed: int
    open: int
    by_state: tuple[ByState, ...]
    waits_for: tuple[Waiting, ...]
    tasks: int
    time_to_told: TimeToTold


Figures = TypeVar("Figures", bound=Shown)


async def summary(store: Collection, tenant: str, now: datetime) -> Summary:
    """Count one tenant's referrals."""
    by_state, waits_for, tasks, time_to_told = await asyncio.gather(
        _by_state(store, tenant), _waits_for(store, tenant, now), _tasks(store, tenant), _time_to_told(store, tenant)
    )
    referrals = sum(group.count for group in by_state)
    closed = sum(group.count for group in by_state if group.state == "closed")
    return Summary(
        as_of=now,
        referrals=referrals,
        closed=closed,
        open=referrals - closed,
        by_state=by_state,
        waits_for=waits_for,
        tasks=tasks,
        time_to_told=time_to_told,
    )


async def _by_state(store: Collection, tenant: str) -> tuple[ByState, ...]:
    keys = {"state": f"${tracks.SITUATION}", "outcome": f"${tracks.OUTCOME}", "payer": f"${tracks.PAYER}"}
    groups = await store.aggregate(
        [{"$match": {"tenant": tenant}}, {"$group": {"_id": keys, "count": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
    )
    keyed = ({"count": group["count"], **_named(group["_id"], ("state", "outcome", "payer"))} for group in groups)
    return tuple(_shown(ByState, keyed))


async def _waits_for(store: Collection, tenant: str, now: datetime) -> tuple[Waiting, ...]:
    figures = {
        "count": {"$sum": 1},
        "of_closed": _counting({"$eq": [f"${tracks.SITUATION}", "closed"]}),
        "overdue": _counting({"$lt": [f"${tracks.DUE_AT}", as_text(now)]}),
        "earliest_due_at": {"$min": f"${tracks.DUE_AT}"},
    }
    keys = {"owner": f"${tracks.OWNER}", "act": f"${tracks.ACT}"}
    groups = await store.aggregate(
        [
            {"$match": {"$and": [tracks.waiting(tenant), {tracks.DUE_AT: _IS_A_TIME}]}},
            {"$group": {"_id": keys, **figures}},
            {"$sort": {"count": -1, "_id": 1}},
        ]
    )
    return tuple(_shown(Waiting, ({**group.pop("_id"), **group} for group in groups)))


async def _tasks(store: Collection, tenant: str) -> int:
    """A track of before, which nothing was told of since, counts its one."""
    counted = await store.aggregate(
        [
            {"$match": tracks.waiting(tenant)},
            {"$group": {"_id": None, "count": {"$sum": {"$ifNull": [f"${tracks.TASKS}", 1]}}}},
        ]
    )
    return int(counted[0]["count"]) if counted else 0


async def _time_to_told(store: Collection, tenant: str) -> TimeToTold:
    """By nearest rank, read from the index: no value is estimated."""
    announced: Query = {"$match": tracks.announced(tenant)}
    counted = await store.aggregate([announced, {"$count": "n"}])
    if not counted:
        return TimeToTold(count=0)
    n = int(counted[0]["n"])

    async def ranked(share: float) -> int:
        place = math.ceil(share * n) - 1
        only = {"$project": {"_id": 0, tracks.TOLD_AFTER_S: 1}}
        [found] = await store.aggregate(
            [announced, {"$sort": {tracks.TOLD_AFTER_S: 1}}, {"$skip": place}, {"$limit": 1}, only]
        )
        return int(tracks.field_of(found, tracks.TOLD_AFTER_S))

    p50, p90, longest = await asyncio.gather(ranked(0.5), ranked(0.9), ranked(1.0))
    return TimeToTold(count=n, p50_s=p50, p90_s=p90, max_s=longest)


def _counting(condition: Query) -> Query:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def _shown(shape: type[Figures], groups: Iterable[Mapping[str, Any]]) -> Iterator[Figures]:
    """What can be shown: a track that somebody spoiled in the database is counted nowhere, and hides no other.

    By what it is counted under it is a group of its own. Operators see it among what is parked.
    """
    for group in groups:
        with suppress(ValidationError):
            yield shape.model_validate(group)


def _named(group: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The database leaves out of a group's key what the documents do not have."""
    return {name: group.get(name) for name in names}
