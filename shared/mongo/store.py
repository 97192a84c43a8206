"""One collection of aggregates, and the rows beside it. What can never be saved is named, apart from all others."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import bson
from bson.errors import InvalidDocument
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import ASCENDING, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from shared.errors import Unknown
from shared.mongo.connection import nothing_done, perhaps_done
from shared.mongo.figures import IS_PARKED, LIVE_CALLS, NEXT_WAKES, TOTALS, UNPUBLISHED
from shared.mongo.indexes import ROW_INDEXES, missing, of_documents
from shared.mongo.light import LIGHT, with_nothing_in_place
from shared.ports import MOST_BYTES, Indexes, Stored, Unsaved

DUPLICATE_KEY = 11000
TOO_LARGE = frozenset({10334, 17419, 17420})


class MongoStore:
    """One collection of aggregates, and the collection of rows beside it (ports.Store)."""

    def __init__(self, client: AsyncIOMotorClient[Stored], database: str, collection: str) -> None:
        self.documents: AsyncIOMotorCollection[Stored] = client[database][collection]
        self.rows: AsyncIOMotorCollection[Stored] = client[database][f"{collection}_ledger"]

    async def prepare(self, indexes: Indexes = ()) -> None:
        """Build what the queries need, however long that takes where the client has no bound. Safe to repeat."""
        with nothing_done():
            await self.documents.create_indexes(of_documents(indexes))
            await self.rows.create_indexes([*ROW_INDEXES])

    async def missing(self, indexes: Indexes = ()) -> list[str]:
        """Names of the indexes that are not there as they are wanted."""
        with nothing_done():
            documents = await missing(self.documents, of_documents(indexes))
            return documents + await missing(self.rows, ROW_INDEXES)

    async def is_empty(self) -> bool:
        """Whether there is neither a document nor a row."""
        with nothing_done():
            found = [await each.find_one({}, {"_id": 1}) for each in (self.documents, self.rows)]
        return not any(found)

    async def load(self, ids: Sequence[str]) -> dict[str, Stored]:
        """The newest majority-committed documents by id; what does not exist is left out."""
        with nothing_done():
            found = await self.documents.find({"_id": {"$in": list(ids)}}).to_list(len(ids))
        return {stored["_id"]: stored for stored in found}

    async def save(self, documents: Sequence[Stored]) -> frozenset[str]:
        """One unordered bulk: a loser's upsert fails on its `_id`, which names it."""
        writes = [ReplaceOne({"_id": d["_id"], "version": d["version"] - 1}, d, upsert=True) for d in documents]
        with perhaps_done(), _told_apart(documents):
            try:
                await self.documents.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                _only_duplicates(error)
                return frozenset(documents[failed["index"]]["_id"] for failed in error.details["writeErrors"])
        return frozenset()

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add immutable rows; those that are there are left as they are."""
        with perhaps_done(), _told_apart(rows):
            try:
                await self.rows.insert_many(list(rows), ordered=False)
            except BulkWriteError as error:
                _only_duplicates(error)

    async def clear(self, published: Mapping[str, int]) -> None:
        """Empty the outbox of each document that has not been saved since."""
        emptied = {"$set": {"outbox": []}, "$unset": {"unpublished_at": ""}}
        writes = [UpdateOne({"_id": key, "version": version}, emptied) for key, version in published.items()]
        with perhaps_done():
            await self.documents.bulk_write(writes, ordered=False)

    async def due(self, now: datetime, slots: Sequence[int] | None, limit: int) -> list[str]:
        """Ids of the earliest due documents. The bound on `slot` keeps any-slot queries on the index."""
        query = {"slot": {"$gte": 0} if slots is None else {"$in": list(slots)}, "wake_at": {"$lte": now}}
        with nothing_done():
            found = await self.documents.find(query, {"_id": 1}).sort("wake_at", ASCENDING).limit(limit).to_list(limit)
        return [stored["_id"] for stored in found]

    async def unpublished(self, before: datetime, limit: int) -> list[Stored]:
        """Documents whose outbox has waited since `before`."""
        with nothing_done():
            return await self.documents.find({"unpublished_at": {"$lte": before}}).limit(limit).to_list(limit)

    async def parked(self, after: str | None, limit: int) -> list[Stored]:
        """Documents in which something waits for an operator, by id."""
        query = {"is_parked": True, "_id": {"$gt": after or ""}}
        with nothing_done():
            found = self.documents.find(query, LIGHT).sort("_id", ASCENDING).limit(limit)
            return [with_nothing_in_place(stored) for stored in await found.to_list(limit)]

    async def count_parked(self, limit: int) -> int:
        """How many those are: of the index alone."""
        with nothing_done():
            return await self.documents.count_documents(IS_PARKED, limit=limit)

    async def unpublished_since(self, before: datetime) -> datetime | None:
        """Since when the oldest outbox has waited: one key of the index."""
        query = {"unpublished_at": {"$lte": before}}
        with nothing_done():
            found = await self.documents.find_one(
                query, {"_id": 0, "unpublished_at": 1}, sort=[("unpublished_at", ASCENDING)]
            )
        return found["unpublished_at"] if found else None

    async def find(self, query: Mapping[str, object], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Documents that match, sorted, for read models."""
        with nothing_done():
            return await self.documents.find(query).sort(list(sort)).limit(limit).to_list(limit)

    async def find_rows(
        self, query: Mapping[str, object], limit: int, sort: Sequence[tuple[str, int]] = ()
    ) -> list[Stored]:
        """Rows that match, sorted if asked."""
        with nothing_done():
            found = self.rows.find(query)
            return await (found.sort(list(sort)) if sort else found).limit(limit).to_list(limit)

    async def aggregate(self, pipeline: Sequence[Mapping[str, object]], limit: int = 10_000) -> list[Stored]:
        """The result of an aggregation over the documents, for read models."""
        with nothing_done():
            return await self.documents.aggregate(list(pipeline)).to_list(limit)

    async def progress(self) -> Stored:
        """How far this collection is, added up over all documents."""
        found = await self.aggregate([{"$group": TOTALS}])
        return found[0] if found else {}

    async def open_work(self) -> Stored:
        """What is open, by indexes alone, and about how many documents there are."""
        with nothing_done():
            next_wakes, calls, documents, unpublished, parked = await asyncio.gather(
                self.documents.aggregate(NEXT_WAKES).to_list(None),
                self.documents.aggregate(LIVE_CALLS).to_list(1),
                self.documents.estimated_document_count(),
                self.documents.count_documents(UNPUBLISHED),
                self.documents.count_documents(IS_PARKED),
            )
        return {
            "documents": documents,
            "unpublished": unpublished,
            "parked": parked,
            "calls": sum(each["calls"] for each in calls),
            "next_wake_at": min((each["at"] for each in next_wakes), default=None),
        }


@contextmanager
def _told_apart(written: Sequence[Stored]) -> Iterator[None]:
    """What can never be saved is named, so that nobody takes it for an outage and tries it without end."""
    try:
        yield
    except (DocumentTooLarge, InvalidDocument, OverflowError):
        raise _unsaved(written) from None
    except OperationFailure as error:
        codes = [error.code, *(each["code"] for each in (error.details or {}).get("writeErrors", ()))]
        if TOO_LARGE.isdisjoint(codes):
            raise
        raise _unsaved(written) from None


def _unsaved(written: Sequence[Stored]) -> Unsaved:
    sizes = {each["_id"]: _size(each) for each in written}
    misfits = frozenset(key for key, size in sizes.items() if size > MOST_BYTES)
    return Unsaved(misfits or frozenset([max(sizes, key=lambda key: sizes[key])]))


def _size(stored: Stored) -> int:
    """In bytes as it would rest; beyond all bounds where it cannot rest at all."""
    try:
        return len(bson.encode(stored))
    except (InvalidDocument, OverflowError):
        return MOST_BYTES + 1


def _only_duplicates(error: BulkWriteError) -> None:
    failed = error.details.get("writeErrors", [])
    codes = {each["code"] for each in failed}
    if not TOO_LARGE.isdisjoint(codes):
        raise error
    if error.details.get("writeConcernErrors") or codes != {DUPLICATE_KEY}:
        raise Unknown("Some writes of the batch have an unknown outcome.") from error
