"""A collection in memory that understands the queries of the worklist, as far as they are used there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.tracking.store import field_of
from shared.ports import Stored
from tests.support.memory import MemoryStore

Query = Mapping[str, Any]
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$in": lambda value, wanted: value in wanted,
    "$exists": lambda value, wanted: (value is not None) == wanted,
    "$lt": lambda value, wanted: value is not None and value < wanted,
}


class ListedStore(MemoryStore):
    """One collection; the real lists are tested on the real database."""

    async def find(self, query: Query, sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Documents that match, sorted ascending."""
        await self._reached("find")
        found = [stored for stored in self._disk.documents(self._name) if matches(query, stored)]
        return sorted(found, key=lambda stored: [str(field_of(stored, name)) for name, _ in sort])[:limit]


def matches(query: Query, stored: Stored) -> bool:
    """Whether a document is one that the query asks for."""
    return all(_matches(name, wanted, stored) for name, wanted in query.items())


def _matches(name: str, wanted: Any, stored: Stored) -> bool:
    if name in ("$and", "$or"):
        return (all if name == "$and" else any)(matches(part, stored) for part in wanted)
    path, _, place = name.rpartition(".")
    if place.isdecimal():
        listed = field_of(stored, path) or []
        value = listed[int(place)] if len(listed) > int(place) else None
    else:
        value = field_of(stored, name)
    if not isinstance(wanted, Mapping):
        return bool(value == wanted)
    return all(_HOLDS[operator](value, operand) for operator, operand in wanted.items())
