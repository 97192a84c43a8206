"""Rows in memory. They rest as BSON, and queries know what the product asks: equality, ranges, lists, and presence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bson

from shared.errors import Unavailable, Unknown
from shared.ports import Stored
from tests.support.memory.disk import CODEC, Disk, Weather

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda value, bound: value is not None and value > bound,
    "$gte": lambda value, bound: value is not None and value >= bound,
    "$lt": lambda value, bound: value is not None and value < bound,
    "$ne": lambda value, other: not _holds(value, other),
    "$in": lambda value, wanted: any(_holds(value, each) for each in wanted),
    "$exists": lambda value, is_there: (value is not None) == is_there,
}


def _holds(value: Any, wanted: Any) -> bool:
    """Whether a field is the value, or a list that has it."""
    return value == wanted or (isinstance(value, list) and wanted in value)


def _matches(row: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    return all(_fits(row, name, wanted) for name, wanted in query.items())


def _fits(row: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(_matches(row, each) for each in wanted)
    if name == "$or":
        return any(_matches(row, each) for each in wanted)
    if isinstance(wanted, dict):
        return all(_COMPARED[how](row.get(name), bound) for how, bound in wanted.items())
    return _holds(row.get(name), wanted)


class MemoryRows:
    """One collection of rows (shared.audit.Rows)."""

    def __init__(self, disk: Disk, name: str, weather: Weather) -> None:
        self._disk, self._name, self._weather = disk, name, weather
        self._read: dict[str, tuple[bytes, Stored]] = {}

    async def prepare(self, indexes: Sequence[Any]) -> None:
        """Nothing to prepare."""
        del indexes
        await self._reached("prepare rows")

    async def missing(self, indexes: Sequence[Any]) -> list[str]:
        """Nothing is missing."""
        del indexes
        await self._reached("missing indexes")
        return []

    async def is_empty(self) -> bool:
        """Whether there is no row."""
        await self._reached("is empty")
        return not self._disk.rows[self._name]

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add rows that are not there."""
        raws = {row["_id"]: bson.encode(row) for row in rows}
        await self._weather.step("append rows")
        if self._disk.is_database_down or self._weather.strikes("rows lost"):
            raise Unknown("lost")
        for key, raw in raws.items():
            self._disk.rows[self._name].setdefault(key, raw)
        if self._weather.strikes("rows unseen"):
            raise Unknown("unseen")

    async def find(self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Rows that match, sorted."""
        await self._reached("find rows")
        found = [dict(row) for row in self._rows() if _matches(row, query)]
        for name, direction in reversed(sort):
            found.sort(key=lambda row: row[name], reverse=direction < 0)
        return found[:limit]

    def _rows(self) -> list[Stored]:
        """All rows by id. What was read before is not read again: a test looks at thousands each second."""
        raws = self._disk.rows[self._name]
        for key, raw in raws.items():
            if self._read.get(key, (b"", {}))[0] is not raw:
                self._read[key] = raw, bson.decode(raw, CODEC)
        return [self._read[key][1] for key in sorted(raws)]

    async def unmark(self, ids: Sequence[str], mark: str) -> None:
        """Take a mark away."""
        await self._weather.step("unmark rows")
        if self._disk.is_database_down:
            raise Unknown("lost")
        rows = self._disk.rows[self._name]
        for key in (key for key in ids if key in rows):
            row = bson.decode(rows[key], CODEC)
            row.pop(mark, None)
            rows[key] = bson.encode(row)

    async def _reached(self, name: str) -> None:
        await self._weather.step(name)
        if self._disk.is_database_down:
            raise Unavailable
