"""Where access records rest, as a port: handed in, so that the same code writes to MongoDB and to memory."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.ports import Stored


class Rows(Protocol):
    """Rows in a collection of their own. Each is written once; what may be taken away later is a mark on it."""

    async def prepare(self, indexes: Sequence[tuple[Sequence[tuple[str, int]], Stored]]) -> None:
        """Build these indexes: (keys, options). Safe to repeat."""

    async def missing(self, indexes: Sequence[tuple[Sequence[tuple[str, int]], Stored]]) -> list[str]:
        """Names of those that are not there as they are wanted."""

    async def is_empty(self) -> bool:
        """Whether there is no row."""

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add rows, each with its `_id`; one that is there already is left as it is. Durable when it returns.

        Raises Unknown when it may have landed, or may land later.
        """

    async def find(self, query: Mapping[str, object], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Rows that match, sorted. Raises Unavailable."""

    async def unmark(self, ids: Sequence[str], mark: str) -> None:
        """Take a mark away from rows that have it. Raises Unknown."""
