"""What a referral costs, counted where services reach the world: at the ports, the deciders and the seals.

Counted is what a referral causes. Looking for what may be due, unpublished or parked costs per second and not per
referral, so a look that finds nothing is left out. Nothing of a service is replaced here; it is only listened to.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

import bson

from shared.audit import Rows
from shared.contracts.language import Command
from shared.engine import Decider
from shared.ports import Bus, Clock, Collection, Record, Stored, Subscription
from shared.service import Blueprint, Kind
from tests.support.memory import (
    Broker,
    Disk,
    MemoryBus,
    MemoryClock,
    MemoryRows,
    MemoryStore,
    MemorySubscription,
    Weather,
)

MEASURES: Mapping[str, str] = {
    "updates": "commands that write: a bulk of documents, rows or emptied outboxes is one",
    "reads": "commands that read: documents by id, queries, looks for what is due that found something",
    "documents": "documents written whole",
    "document_bytes": "their size as BSON",
    "rows": "rows appended",
    "row_bytes": "their size as BSON",
    "calls": "requests that were sent out",
    "records": "records published",
    "record_bytes": "their keys, headers and values",
    "decisions": "commands that a decider was asked to decide",
    "openings": "seals that were opened",
}
"""What is counted, by its name in the approved file."""
PACE_S: Mapping[str, float] = {"load": 0.001, "save": 0.002, "append": 0.002, "clear": 0.002, "send": 0.002}
"""What a step through a port takes, about as on one machine: who overtakes whom is then as in life, and always so."""
Tally = Counter[str]


class Pace(Weather):
    """Nothing fails, and everything takes its time."""

    async def step(self, name: str) -> None:
        """Take it."""
        await asyncio.sleep(PACE_S.get(name, 0.0))


class CountedStore(MemoryStore):
    """A collection whose commands are counted."""

    def __init__(self, disk: Disk, name: str, tally: Tally) -> None:
        super().__init__(disk, name, Pace())
        self._tally = tally

    async def load(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Documents by id."""
        self._tally["reads"] += 1
        return await super().load(ids)

    async def find(self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """A query."""
        self._tally["reads"] += 1
        return await super().find(query, sort, limit)

    async def find_rows(
        self, query: Mapping[str, Any], limit: int, sort: Sequence[tuple[str, int]] = ()
    ) -> list[Stored]:
        """A query of rows."""
        self._tally["reads"] += 1
        return await super().find_rows(query, limit, sort)

    async def due(self, now: datetime, slots: Sequence[int] | None, limit: int) -> list[str]:
        """A look, counted where it finds something."""
        found = await super().due(now, slots, limit)
        self._tally["reads"] += bool(found)
        return found

    async def unpublished(self, before: datetime, limit: int) -> list[Stored]:
        """A look, counted where it finds something."""
        found = await super().unpublished(before, limit)
        self._tally["reads"] += bool(found)
        return found

    async def save(self, documents: Sequence[Stored]) -> frozenset[str]:
        """A bulk of documents."""
        self._tally["updates"] += 1
        self._tally["documents"] += len(documents)
        self._tally["document_bytes"] += _size(documents)
        return await super().save(documents)

    async def append(self, rows: Sequence[Stored]) -> None:
        """A bulk of rows."""
        self._tally["updates"] += 1
        self._tally["rows"] += len(rows)
        self._tally["row_bytes"] += _size(rows)
        await super().append(rows)

    async def clear(self, published: Mapping[str, int]) -> None:
        """A bulk of outboxes to empty."""
        self._tally["updates"] += 1
        await super().clear(published)


def _size(documents: Sequence[Stored]) -> int:
    return sum(len(bson.encode(document)) for document in documents)


class CountedBus(MemoryBus):
    """A bus whose records are counted."""

    def __init__(self, broker: Broker, tally: Tally) -> None:
        super().__init__(broker, Pace())
        self._tally = tally

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """A batch of records, all of which are taken."""
        taken = await super().send(topic, partition, records)
        self._tally["records"] += taken
        self._tally["record_bytes"] += sum(_weight(record) for record in records[:taken])
        return taken


def _weight(record: Record) -> int:
    headers = sum(len(name.encode()) + len(value) for name, value in record.headers)
    return len(record.key or b"") + headers + len(record.value or b"")


@dataclass
class CountedWorld:
    """The world as one service reaches it (shared.world.World); all services share disk and broker."""

    broker: Broker
    tally: Tally = field(default_factory=Counter)
    random: Random = field(default_factory=lambda: Random(7))
    tokens: int = 0

    def __post_init__(self) -> None:
        """Put the ports together."""
        self.clock: Clock = MemoryClock(self.broker.disk, Pace())
        self.bus: Bus = CountedBus(self.broker, self.tally)

    def store(self, database: str, collection: str) -> Collection:
        """A collection of this service."""
        return CountedStore(self.broker.disk, f"{database}.{collection}", self.tally)

    def rows(self, database: str, collection: str) -> Rows:
        """A collection of rows."""
        return MemoryRows(self.broker.disk, f"{database}.{collection}", Pace())

    def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """The facts of the others."""
        return MemorySubscription(self.broker, group, topics, Pace())

    def token(self) -> str:
        """A fresh id, of the length that they have."""
        self.tokens += 1
        return f"{self.tokens:016x}"

    def epoch_s(self) -> float:
        """Tokens do not age here."""
        return 0.0

    async def close(self) -> None:
        """Nothing to let go of."""


def counted(blueprint: Blueprint, tally: Tally) -> Blueprint:
    """The same service, whose decisions are counted."""

    def listened_to(kind: Kind) -> Kind:
        return replace(kind, decider=_counted(kind.decider, tally))

    return replace(blueprint, kinds=tuple(listened_to(kind) for kind in blueprint.kinds))


def _counted(decider: Decider, tally: Tally) -> Decider:
    decide: Callable[[Command, Any], Any] = decider.decide

    def counted_decide(command: Command, state: Any) -> Any:
        tally["decisions"] += 1
        return decide(command, state)

    return replace(decider, decide=counted_decide)
