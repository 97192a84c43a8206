"""Reaching the database, and what a failure says of what was done."""

from collections.abc import Iterator
from contextlib import contextmanager

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import ConnectionFailure, PyMongoError

from shared.errors import Unavailable, Unknown
from shared.ports import Stored
from shared.settings import MongoSettings


def connect(settings: MongoSettings, *, is_patient: bool = False) -> AsyncIOMotorClient[Stored]:
    """A client with durable writes and bounded waits. It belongs to the event loop that first uses it.

    A patient one waits for what it asks however long it takes, as for an index on millions of documents.
    """
    return AsyncIOMotorClient(
        settings.uri.get_secret_value(),
        tz_aware=True,
        timeoutMS=None if is_patient else settings.timeout_ms,
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
def nothing_done() -> Iterator[None]:
    """Reads that fail have done nothing."""
    try:
        yield
    except PyMongoError as error:
        raise Unavailable from error


@contextmanager
def perhaps_done() -> Iterator[None]:
    """Writes that fail may still land."""
    try:
        yield
    except ConnectionFailure as error:
        raise Unknown("The write may have landed.") from error
    except PyMongoError as error:
        raise Unknown("The write may have landed in part.") from error
