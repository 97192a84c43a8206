"""The only module that speaks to MongoDB's driver: documents, rows, queries and the database's clock.

Motor is past its maker's end of life; moving to PyMongo's own async API means changing this file (see the ADR).
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import ASCENDING, IndexModel, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure, DocumentTooLarge, OperationFailure, PyMongoError

from shared.errors import Unavailable, Unknown
from shared.ports import Stored
from shared.settings import ClockSettings, MongoSettings

DUPLICATE_KEY = 11000
TOO_LARGE = frozenset({10334, 17419, 17420})
SKEW_AT_MOST_S = 2.0
OFFSET = "offset"
_TECHNICAL = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
AGGREGATE_INDEXES = (
    IndexModel([("slot", ASCENDING), ("wake_at", ASCENDING)], partialFilterExpression={"wake_at": {"$exists": True}}),
    IndexModel([("unpublished_at", ASCENDING)], partialFilterExpression={"unpublished_at": {"$exists": True}}),
    IndexModel([("is_parked", ASCENDING), ("_id", ASCENDING)], partialFilterExpression={"is_parked": True}),
)


def connect(settings: MongoSettings) -> AsyncIOMotorClient[Stored]:
    """A client with durable writes and bounded waits. It belongs to the event loop that first uses it."""
    return AsyncIOMotorClient(
        settings.uri.get_secret_value(),
        tz_aware=True,
        timeoutMS=settings.timeout_ms,
        serverSelectionTimeoutMS=settings.timeout_ms,
        w="majority",
        readConcernLevel="majority",
    )


async def is_up(client: AsyncIOMotorClient[Stored]) -> bool:
    """Whether the database answers."""
    try:
        await client.admin.command("ping")
    except PyMongoError:
        return False
    return True


@contextmanager
def _nothing_done() -> Iterator[None]:
    """Reads that fail have done nothing."""
    try:
        yield
    except PyMongoError as error:
        raise Unavailable from error


@contextmanager
def _perhaps_done() -> Iterator[None]:
    """Writes that fail may still land."""
    try:
        yield
    except ConnectionFailure as error:
        raise Unknown("The write may have landed.") from error
    except PyMongoError as error:
        raise Unknown("The write may have landed in part.") from error


class MongoStore:
    """One collection of aggregates, and the collection of rows beside it (ports.Store)."""

    def __init__(self, client: AsyncIOMotorClient[Stored], database: str, collection: str) -> None:
        self.documents: AsyncIOMotorCollection[Stored] = client[database][collection]
        self.rows: AsyncIOMotorCollection[Stored] = client[database][f"{collection}_ledger"]

    async def prepare(self, indexes: Sequence[tuple[Sequence[tuple[str, int]], Stored]] = ()) -> None:
        """Create what the queries need; `indexes` are (keys, options) of the service's own. Safe to repeat."""
        own = [IndexModel(list(keys), **options) for keys, options in indexes]
        with _nothing_done():
            await self.documents.create_indexes([*AGGREGATE_INDEXES, *own])
            await self.rows.create_indexes([IndexModel([("subject", ASCENDING)])])

    async def load(self, ids: Sequence[str]) -> dict[str, Stored]:
        """The newest majority-committed documents by id; what does not exist is left out."""
        with _nothing_done():
            found = await self.documents.find({"_id": {"$in": list(ids)}}).to_list(len(ids))
        return {stored["_id"]: stored for stored in found}

    async def save(self, documents: Sequence[Stored]) -> frozenset[str]:
        """One unordered bulk: a loser's upsert fails on its `_id`, which names it."""
        writes = [ReplaceOne({"_id": d["_id"], "version": d["version"] - 1}, d, upsert=True) for d in documents]
        with _perhaps_done():
            try:
                await self.documents.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                return _losers(error, documents)
            except OperationFailure as error:
                _refuse_for_its_size([error.code])
                raise
        return frozenset()

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add immutable rows; those that are there are left as they are."""
        with _perhaps_done():
            try:
                await self.rows.insert_many(list(rows), ordered=False)
            except BulkWriteError as error:
                _only_duplicates(error)

    async def clear(self, published: Mapping[str, int]) -> None:
        """Empty the outbox of each document that has not been saved since."""
        emptied = {"$set": {"outbox": []}, "$unset": {"unpublished_at": ""}}
        writes = [UpdateOne({"_id": key, "version": version}, emptied) for key, version in published.items()]
        with _perhaps_done():
            await self.documents.bulk_write(writes, ordered=False)

    async def due(self, now: datetime, slots: Sequence[int] | None, limit: int) -> list[str]:
        """Ids of the earliest due documents. The bound on `slot` keeps any-slot queries on the index."""
        query = {"slot": {"$gte": 0} if slots is None else {"$in": list(slots)}, "wake_at": {"$lte": now}}
        with _nothing_done():
            found = await self.documents.find(query, {"_id": 1}).sort("wake_at", ASCENDING).limit(limit).to_list(limit)
        return [stored["_id"] for stored in found]

    async def unpublished(self, before: datetime, limit: int) -> list[Stored]:
        """Documents whose outbox has waited since `before`."""
        with _nothing_done():
            return await self.documents.find({"unpublished_at": {"$lte": before}}).limit(limit).to_list(limit)

    async def parked(self, after: str | None, limit: int) -> list[Stored]:
        """Documents in which something waits for an operator, by id."""
        query = {"is_parked": True, "_id": {"$gt": after or ""}}
        return await self.find(query, [("_id", ASCENDING)], limit)

    async def find(self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Documents that match, sorted, for read models."""
        with _nothing_done():
            return await self.documents.find(query).sort(list(sort)).limit(limit).to_list(limit)

    async def find_rows(self, query: Mapping[str, Any], limit: int) -> list[Stored]:
        """Rows that match."""
        with _nothing_done():
            return await self.rows.find(query).limit(limit).to_list(limit)

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], limit: int = 10_000) -> list[Stored]:
        """The result of an aggregation over the documents, for read models."""
        with _nothing_done():
            return await self.documents.aggregate(list(pipeline)).to_list(limit)

    async def progress(self) -> Stored:
        """How far this collection is: facts told and seen, what is unpublished, parked, alive, or due next."""
        totals = {
            "_id": None,
            "documents": {"$sum": 1},
            "told": {"$sum": "$told"},
            "unpublished": {"$sum": {"$cond": [{"$gt": [{"$size": "$outbox"}, 0]}, 1, 0]}},
            "parked": {"$sum": {"$cond": [{"$eq": ["$is_parked", True]}, 1, 0]}},
            "calls": {"$sum": {"$size": {"$filter": {"input": "$calls", "cond": {"$ne": ["$$this.call", None]}}}}},
            "next_wake_at": {"$min": "$wake_at"},
            **{f"seen_{s}": {"$sum": f"$seen.{s}"} for s in ("intake", "authorization", "scheduling", "notifications")},
        }
        found = await self.aggregate([{"$group": totals}])
        return found[0] if found else {}


def _losers(error: BulkWriteError, documents: Sequence[Stored]) -> frozenset[str]:
    _only_duplicates(error)
    return frozenset(documents[failed["index"]]["_id"] for failed in error.details["writeErrors"])


def _only_duplicates(error: BulkWriteError) -> None:
    failed = error.details.get("writeErrors", [])
    _refuse_for_its_size([each["code"] for each in failed])
    if error.details.get("writeConcernErrors") or any(each["code"] != DUPLICATE_KEY for each in failed):
        raise Unknown("Some writes of the batch have an unknown outcome.") from error


def _refuse_for_its_size(codes: Sequence[int | None]) -> None:
    """Raise DocumentTooLarge where that is why: nobody is to take it for an outage, and try again for ever."""
    if not TOO_LARGE.isdisjoint(codes):
        raise DocumentTooLarge("A document of the batch is larger than 16 MB.") from None


class MongoClock:
    """The database's clock plus the stored offset (ports.Clock). The offset is for demos and tests only."""

    def __init__(self, client: AsyncIOMotorClient[Stored], settings: ClockSettings) -> None:
        self._client, self._settings = client, settings
        self._offset: AsyncIOMotorCollection[Stored] = client[settings.database][OFFSET]
        self._last: tuple[datetime, float] | None = None
        self._moved_by = timedelta()

    async def read(self) -> datetime:
        """Read anew. Raises Unavailable when the database is down or this machine's clock is more than 2 s off."""
        with _nothing_done():
            server: datetime = (await self._client.admin.command("hello"))["localTime"].replace(tzinfo=UTC)
        if abs(server.timestamp() - time.time()) > SKEW_AT_MOST_S:
            raise Unavailable
        self._last = server, self.monotonic()
        await self.refresh()
        return server + self._moved_by

    async def refresh(self) -> None:
        """Read by how much time was moved, if it may be."""
        if self._settings.movable:
            with _nothing_done():
                stored = await self._offset.find_one({"_id": OFFSET})
            self._moved_by = max(self._moved_by, timedelta(seconds=stored["seconds"] if stored else 0.0))

    async def move_to(self, instant: datetime) -> None:
        """Set the offset so that it is `instant` now, for every process at once. Never backwards."""
        now = await self.read()
        ahead = max((instant - now).total_seconds(), 0.0)
        with _perhaps_done():
            await self._offset.update_one({"_id": OFFSET}, {"$inc": {"seconds": ahead}}, upsert=True)
        await self.read()

    def now(self) -> datetime:
        """The last reading plus the time since its answer came: late by the way back, never ahead."""
        if self._last is None:
            raise Unavailable
        read, at = self._last
        return read + self._moved_by + timedelta(seconds=self.monotonic() - at)

    def monotonic(self) -> float:
        """Technical time, which goes on while the machine is suspended where the system can tell (Linux)."""
        return time.clock_gettime(_TECHNICAL)

    async def sleep(self, seconds: float) -> None:
        """Wait in technical time."""
        await asyncio.sleep(seconds)
