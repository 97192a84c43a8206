"""The worklist: who must do what by when, page by page, and how much of it there is."""

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field

from services.tracking import store as tracks
from services.tracking.domain import Doer
from services.tracking.store import Query, Sort
from services.tracking.views.rows import Row, Shown, row
from shared.engine import Engine
from shared.errors import Unreadable
from shared.ports import Collection

WORD = "[a-z0-9_-]{1,40}"
"""What filters are made of: words of ours, since they stand in addresses. No name is written so."""
COUNTED_TO = 1000
"""Counting stops here: more is "1000+", and costs no more."""

_BITS = 64
"""Of a number in the database, its sign among them."""


class Filters(Shown):
    """What a worklist is narrowed to, and its order."""

    owner: tuple[Doer, ...] = ()
    queue: str | None = Field(default=None, pattern=f"^({WORD})?$")
    """Empty, as a form sends "all queues", narrows nothing."""
    mine: bool = False
    overdue: bool = False
    parked: bool = False
    sort: Sort = "due_at"


class Page(Shown):
    """Some rows of the worklist. `next` is the cursor of the following page."""

    items: tuple[Row, ...]
    next: str | None
    as_of: AwareDatetime


class Counts(Shown):
    """How many there are of each, up to COUNTED_TO."""

    waiting: int
    overdue: int
    mine: int
    parked: int


class Reader:
    """Reads the worklist of one tenant for one person."""

    def __init__(self, engine: Engine, store: Collection, tenant: str, subject: str, now: datetime) -> None:
        self._engine, self._store, self._tenant, self._subject, self._now = engine, store, tenant, subject, now

    async def page(self, filters: Filters, cursor: str | None, limit: int) -> Page:
        """The rows after the cursor. Raises Unreadable for a cursor that is not of this order."""
        query = self.query(filters)
        if cursor:
            query["$and"].append(tracks.beyond(filters.sort, _position(cursor, filters.sort)))
        order = [(name, 1) for name in tracks.sort_fields(filters.sort)]
        found = await self._store.find(query, order, limit + 1)
        rows = tuple(row(self._engine, each, self._now) for each in self._engine.usable(found[:limit]))
        more = _cursor(found[limit - 1], filters.sort) if len(found) > limit else None
        return Page(items=rows, next=more, as_of=self._now)

    async def counts(self, owners: Sequence[Doer]) -> Counts:
        """How much waits for these owners, and for this person."""
        queries = (
            Filters(owner=tuple(owners)),
            Filters(owner=tuple(owners), overdue=True),
            Filters(mine=True),
            Filters(parked=True),
        )
        waiting, overdue, mine, parked = await asyncio.gather(*(self._count(filters) for filters in queries))
        return Counts(waiting=waiting, overdue=overdue, mine=mine, parked=parked)

    async def _count(self, filters: Filters) -> int:
        counted = await self._store.aggregate(
            [{"$match": self.query(filters)}, {"$limit": COUNTED_TO}, {"$count": "n"}]
        )
        return int(counted[0]["n"]) if counted else 0

    def query(self, filters: Filters) -> Query:
        """What the database is asked for these filters."""
        waiting = {**tracks.waiting(self._tenant, filters.owner, filters.queue), **tracks.merged(filters.sort)}
        narrowed = bool(filters.owner or filters.queue)
        parts: list[Query] = [waiting] if narrowed or not filters.parked else []
        if filters.parked:
            parts.append(tracks.parked(self._tenant))
        if filters.overdue:
            parts.append(tracks.overdue(self._now))
        if filters.mine:
            parts.append(tracks.claimed_by(self._subject))
        return {"$and": parts}


def _can_be_stored(value: object) -> bool:
    """Whether the database can be asked for it: it has 64 bits for a number, and no text of halves of characters."""
    return value.isascii() if isinstance(value, str) else isinstance(value, int) and value.bit_length() < _BITS


def _cursor(stored: dict[str, Any], sort: Sort) -> str:
    position = [sort, *(tracks.field_of(stored, name) for name in tracks.sort_fields(sort))]
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _position(cursor: str, sort: Sort) -> list[Any]:
    """The values that a cursor stands for: plain values only, since they become part of a query."""
    try:
        named, *position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError):
        raise Unreadable("/cursor", "The cursor is not one of ours.") from None
    expected = (int, str, str) if sort == "priority" else (str, str)
    fits = len(position) == len(expected) and all(
        value is None or (type(value) is kind and _can_be_stored(value))
        for value, kind in zip(position, expected, strict=True)
    )
    if named != sort or not fits:
        raise Unreadable("/cursor", "The cursor is not one of this order.")
    return list(position)
