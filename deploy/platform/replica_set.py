"""Makes a lone mongod a replica set, which transactions and majority writes need.

The one module in `deploy` that imports MongoDB's driver: no other needs a database that is not a replica set yet.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure


def uri(set_name: str, member: str) -> str:
    """The address of a replica set of one."""
    return f"mongodb://{member}/?replicaSet={set_name}"


@contextlib.contextmanager
def only_member(set_name: str, member: str) -> Iterator[Callable[[], bool]]:
    """Yield a question: does the mongod at this address (host:port) take writes? Asking makes it a replica set."""
    config = {"_id": set_name, "members": [{"_id": 0, "host": member}]}
    client: MongoClient[dict[str, Any]]
    with MongoClient(member, directConnection=True, serverSelectionTimeoutMS=500) as client:
        yield lambda: _is_primary(client, config)


def _is_primary(client: "MongoClient[dict[str, Any]]", config: dict[str, Any]) -> bool:
    with contextlib.suppress(ConnectionFailure, OperationFailure):
        hello = client.admin.command("hello")
        if "setName" not in hello:
            client.admin.command("replSetInitiate", config)
        return bool(hello.get("setName") == config["_id"] and hello["isWritablePrimary"])
    return False
