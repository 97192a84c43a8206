"""Rows in a collection of their own: added once, read by query, never replaced. Aggregates are `store`'s."""

from collections.abc import Mapping, Sequence

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import IndexModel
from pymongo.errors import BulkWriteError

from shared.errors import Unknown
from shared.mongo.connection import nothing_done, perhaps_done
from shared.mongo.indexes import missing
from shared.ports import Indexes, Stored

DUPLICATE_KEY = 11000


class MongoRows:
    """One collection of rows (shared.audit.Rows)."""

    def __init__(self, client: AsyncIOMotorClient[Stored], database: str, collection: str) -> None:
        self._rows: AsyncIOMotorCollection[Stored] = client[database][collection]

    async def prepare(self, indexes: Indexes) -> None:
        """Build these indexes, however long that takes where the client has no bound. Safe to repeat."""
        with nothing_done():
            await self._rows.create_indexes(_models(indexes))

    async def missing(self, indexes: Indexes) -> list[str]:
        """Names of the indexes that are not there as they are wanted."""
        with nothing_done():
            return await missing(self._rows, _models(indexes))

    async def is_empty(self) -> bool:
        """Whether there is no row."""
        with nothing_done():
            return await self._rows.find_one({}, {"_id": 1}) is None

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add rows, by majority and journaled as the client writes; those that are there are left as they are."""
        with perhaps_done():
            try:
                await self._rows.insert_many(list(rows), ordered=False)
            except BulkWriteError as error:
                failed = error.details
                is_there = {each["code"] for each in failed.get("writeErrors", ())} == {DUPLICATE_KEY}
                if not is_there or failed.get("writeConcernErrors"):
                    raise Unknown("Some rows have an unknown outcome.") from error

    async def find(self, query: Mapping[str, object], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Rows that match, sorted."""
        with nothing_done():
            return await self._rows.find(query).sort(list(sort)).limit(limit).to_list(limit)

    async def unmark(self, ids: Sequence[str], mark: str) -> None:
        """Take a mark away."""
        with perhaps_done():
            await self._rows.update_many({"_id": {"$in": list(ids)}, mark: {"$exists": True}}, {"$unset": {mark: ""}})


def _models(indexes: Indexes) -> list[IndexModel]:
    return [IndexModel(list(keys), **options) for keys, options in indexes]
