"""The indexes of a collection: those of every aggregate, and which of all that are wanted are not there as wanted."""

from collections.abc import Iterable
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ASCENDING, IndexModel

from shared.ports import Indexes, Stored

AGGREGATE_INDEXES = (
    IndexModel([("slot", ASCENDING), ("wake_at", ASCENDING)], partialFilterExpression={"wake_at": {"$exists": True}}),
    IndexModel([("unpublished_at", ASCENDING)], partialFilterExpression={"unpublished_at": {"$exists": True}}),
    IndexModel([("is_parked", ASCENDING), ("_id", ASCENDING)], partialFilterExpression={"is_parked": True}),
    IndexModel([("calls.call.at", ASCENDING)], partialFilterExpression={"calls.call.at": {"$exists": True}}),
)
ROW_INDEXES = (IndexModel([("subject", ASCENDING)]),)


def of_documents(wanted: Indexes) -> list[IndexModel]:
    """The indexes of a collection of aggregates whose service wants these beside."""
    return [*AGGREGATE_INDEXES, *(IndexModel(list(keys), **options) for keys, options in wanted)]


async def missing(collection: AsyncIOMotorCollection[Stored], wanted: Iterable[IndexModel]) -> list[str]:
    """Names of those that are not there, or are there with other keys or for other documents."""
    there = {index["name"]: _form(index) async for index in collection.list_indexes()}
    return [
        f"{collection.name}.{each.document['name']}"
        for each in wanted
        if _form(each.document) != there.get(each.document["name"])
    ]


def _form(index: Any) -> tuple[Any, Any]:
    return list(index["key"].items()), index.get("partialFilterExpression")
