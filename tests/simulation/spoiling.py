"""What becomes of a document that somebody spoils in the store: a field missing or of another kind, or too large."""

from collections.abc import Callable
from random import Random
from typing import Any

from shared.engine import Document
from shared.ports import Stored
from tests.simulation.cluster import Cluster
from tests.support.memory import Disk

MENDED_WITHIN_S = 20.0
OTHERS: tuple[Any, ...] = (None, "text", -1, 1.5, [], {"a": None}, b"x")
SPOILED_DOCUMENT = "document spoiled"
TOO_LARGE = 0.2
"""How many of the documents that are spoiled are made too large to be saved."""


def spoil(cluster: Cluster) -> str | None:
    """Spoil a document of an aggregate, to be mended in a while or when the storm is over; None where there is none."""
    random, disk = cluster.storm.random, cluster.disk
    known = [(name, key) for name in sorted(disk.collections) for key in sorted(disk.collections[name])]
    known = [each for each in known if not Document(each[1], None).holds_only_records and each not in disk.spoiled]
    known = [each for each in known if each not in disk.full]
    if not known:
        return None
    collection, key = random.choice(known)
    named = _spoiled(random, disk, collection, key)
    cluster.storm.loop.call_later(random.uniform(0.5, MENDED_WITHIN_S), disk.mend, collection, key)
    return f"{collection} {key}: {named}"


def _spoiled(random: Random, disk: Disk, collection: str, key: str) -> str:
    if random.random() < TOO_LARGE:
        disk.fill(collection, key)
        return "too large"
    how, named = _spoiler(random, disk, collection, key)
    disk.spoil(collection, key, how)
    return named


def _spoiler(random: Random, disk: Disk, collection: str, key: str) -> tuple[Callable[[Stored], Stored], str]:
    stored = next(document for document in disk.documents(collection) if document["_id"] == key)
    name = random.choice([field for field in stored if field not in ("_id", "frame")])
    if random.random() < 0.4:
        return lambda found: {field: value for field, value in found.items() if field != name}, f"{name} is missing"
    other = random.choice(OTHERS)
    return lambda found: {**found, name: other}, f"{name} is {other!r}"
