"""A collection of aggregates in memory. Documents rest as BSON, so that nothing is kept that MongoDB would not keep."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import bson
from bson.errors import InvalidDocument

from shared.errors import Unavailable, Unknown
from shared.ports import MOST_BYTES, Stored, Unsaved
from tests.support.memory.disk import CODEC, Disk, Weather
from tests.support.memory.queries import fits, rank


def _written(documents: Sequence[Stored]) -> dict[str, bytes]:
    """Each as it rests. Raises Unsaved, naming those that cannot."""
    raws: dict[str, bytes] = {}
    misfits = set()
    for document in documents:
        try:
            raws[document["_id"]] = bson.encode(document)
        except (InvalidDocument, OverflowError):
            misfits.add(document["_id"])
    misfits |= {key for key, raw in raws.items() if len(raw) > MOST_BYTES}
    if misfits:
        raise Unsaved(frozenset(misfits))
    return raws


def _light(stored: Stored) -> Stored:
    """The document without the values of what waits and the bodies of its outbox; what is spoiled stays so."""
    kept = [
        pair[-1] for name in ("waiting", "letters") for pair in _listed(stored, name) if isinstance(pair, list) and pair
    ]
    for name, entries in (("value", kept), ("body", _listed(stored, "outbox"))):
        for entry in entries:
            if isinstance(entry, dict):
                entry[name] = None
    return stored


def _listed(stored: Stored, name: str) -> list[Any]:
    found = stored.get(name)
    return found if isinstance(found, list) else []


class MemoryStore:
    """One collection (ports.Collection)."""

    def __init__(self, disk: Disk, name: str, weather: Weather) -> None:
        self._disk, self._name, self.weather = disk, name, weather

    @property
    def _raw(self) -> dict[str, bytes]:
        return self._disk.collections[self._name]

    @property
    def _index(self) -> dict[str, Stored]:
        return self._disk.indexed[self._name]

    async def prepare(self, indexes: Sequence[Any] = ()) -> None:
        """Nothing to prepare."""
        del indexes
        await self._reached("prepare")

    async def missing(self, indexes: Sequence[Any] = ()) -> list[str]:
        """Nothing is missed here."""
        del indexes
        await self._reached("missing")
        return []

    async def is_empty(self) -> bool:
        """Whether there is nothing."""
        await self._reached("is empty")
        return not (self._raw or self._disk.rows[self._name])

    async def load(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Copies of the documents that are there."""
        await self._reached("load")
        return {key: bson.decode(self._raw[key], CODEC) for key in ids if key in self._raw}

    async def save(self, documents: Sequence[Stored]) -> frozenset[str]:
        """Replace where the version is one below. Each document lands by itself: a bulk write is not atomic."""
        raws = _written(documents)
        if full := [key for key in raws if (self._name, key) in self._disk.full]:
            raise Unsaved(frozenset(full))
        copies = [(document["_id"], document["version"], raws[document["_id"]]) for document in documents]
        await self._written("save", lambda: self._land(copies))
        if self.weather.strikes("save torn"):
            first = self.weather.portion(len(copies))
            self._land(copies[:first])
            self.weather.later(lambda: self._land(copies[first:]))
            raise Unknown("torn")
        lost = self._land(copies)
        if self.weather.strikes("save unseen"):
            raise Unknown("unseen")
        await self.weather.step("saved")
        return lost

    def _land(self, copies: Sequence[tuple[str, int, bytes]]) -> frozenset[str]:
        lost = set()
        for key, version, raw in copies:
            if self._version(key) == version - 1:
                self._put(key, raw)
            else:
                lost.add(key)
        return frozenset(lost)

    def _put(self, key: str, raw: bytes) -> None:
        stored = bson.decode(raw, CODEC)
        if self._disk.on_landed:
            self._disk.on_landed(self._name, self._index.get(key), stored)
        self._raw[key] = raw
        self._disk.spoiled.pop((self._name, key), None)
        self._index[key] = stored

    def _version(self, key: str) -> int:
        return int(self._index[key]["version"]) if key in self._index else 0

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add rows that are not there."""
        raws = list(_written(rows).items())
        await self._written("append", lambda: self._add(raws))
        self._add(raws)
        if self.weather.strikes("append unseen"):
            raise Unknown("unseen")

    def _add(self, raws: Sequence[tuple[str, bytes]]) -> None:
        for key, raw in raws:
            self._disk.rows[self._name].setdefault(key, raw)

    async def clear(self, published: Mapping[str, int]) -> None:
        """Empty outboxes that have not been saved since."""
        await self._written("clear", lambda: self._clear(published))
        self._clear(published)

    def _clear(self, published: Mapping[str, int]) -> None:
        for key, version in published.items():
            if self._version(key) == version and (self._name, key) not in self._disk.spoiled:
                stored = bson.decode(self._raw[key], CODEC)
                stored["outbox"] = []
                stored.pop("unpublished_at", None)
                self._put(key, bson.encode(stored))

    async def due(self, now: datetime, slots: Sequence[int] | None, limit: int) -> list[str]:
        """The earliest due documents."""
        await self._reached("due")
        due = self._where(lambda d: "wake_at" in d and d["wake_at"] <= now and (slots is None or d["slot"] in slots))
        return sorted(due, key=lambda key: (self._index[key]["wake_at"], key))[:limit]

    async def unpublished(self, before: datetime, limit: int) -> list[Stored]:
        """Documents whose outbox has waited."""
        await self._reached("unpublished")
        return self._documents(self._where(lambda d: "unpublished_at" in d and d["unpublished_at"] <= before)[:limit])

    async def parked(self, after: str | None, limit: int) -> list[Stored]:
        """Documents in which something waits, without what may be large."""
        await self._reached("parked")
        return [
            _light(each) for each in self._documents([key for key in self._parked() if key > (after or "")][:limit])
        ]

    async def count_parked(self, limit: int) -> int:
        """How many those are."""
        await self._reached("count parked")
        return len(self._parked()[:limit])

    async def unpublished_since(self, before: datetime) -> datetime | None:
        """The oldest."""
        await self._reached("unpublished since")
        waiting = self._where(lambda d: "unpublished_at" in d and d["unpublished_at"] <= before)
        return min((self._index[key]["unpublished_at"] for key in waiting), default=None)

    def _parked(self) -> list[str]:
        return self._where(lambda d: d.get("is_parked") is True)

    async def find(self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Documents whose fields equal the query's; enough for what is simulated."""
        del sort
        await self._reached("find")
        found = self._disk.documents(self._name)
        return [d for d in found if all(d.get(name) == value for name, value in query.items())][:limit]

    async def find_rows(
        self, query: Mapping[str, Any], limit: int, sort: Sequence[tuple[str, int]] = ()
    ) -> list[Stored]:
        """Rows that match, as far as queries of rows go."""
        await self._reached("find_rows")
        rows = [row for row in self._disk.rows_of(self._name) if fits(row, query)]
        for name, direction in reversed(sort):
            rows.sort(key=lambda row, name=name: rank(row.get(name)), reverse=direction < 0)  # type: ignore[misc] # binds
        return rows[:limit]

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], limit: int = 10_000) -> list[Stored]:
        """Aggregations are the real database's."""
        raise NotImplementedError

    async def progress(self) -> Stored:
        """Aggregations are the real database's."""
        raise NotImplementedError

    async def open_work(self) -> Stored:
        """Aggregations are the real database's."""
        raise NotImplementedError

    def _where(self, matches: Callable[[Stored], bool]) -> list[str]:
        return sorted(key for key, stored in self._index.items() if matches(stored))

    def _documents(self, keys: Sequence[str]) -> list[Stored]:
        return [bson.decode(self._raw[key], CODEC) for key in keys]

    async def _reached(self, name: str) -> None:
        """A read gets through, or did nothing."""
        await self.weather.step(name)
        if self._disk.is_database_down or self.weather.strikes("read refused"):
            raise Unavailable

    async def _written(self, name: str, land: Callable[[], Any]) -> None:
        """A write gets through, or nobody can tell: it is lost, or lands later."""
        await self.weather.step(name)
        if self._disk.is_database_down or self.weather.strikes("save lost"):
            raise Unknown("lost")
        if self.weather.strikes("save late"):
            self.weather.later(land)
            raise Unknown("late")
