"""Where documents and rows rest."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

Stored = dict[str, Any]
Indexes = Sequence[tuple[Sequence[tuple[str, int]], Stored]]
"""Keys and options of a service's own indexes."""
MOST_BYTES = 16 * 1024 * 1024
"""No document and no row is larger."""


class Unsaved(Exception):
    """What can never be saved as it is: `ids` of documents or rows, too large or of no form.

    Of the others in the same write nobody knows.
    """

    def __init__(self, ids: frozenset[str]) -> None:
        super().__init__("Part of what was to be saved never can be.")
        self.ids = ids


class Store(Protocol):
    """One collection of aggregates: a document per aggregate, replaced whole where `_id` and `version` match."""

    async def load(self, ids: Sequence[str]) -> dict[str, Stored]:
        """The newest majority-committed documents by id; what does not exist is left out."""

    async def save(self, documents: Sequence[Stored]) -> frozenset[str]:
        """Replace each document whose stored version is one below its own (1 inserts); return the ids that lost.

        Raises Unknown when the outcome of any of them is unknown: reload and look; Unsaved when some never can be.
        """

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add immutable rows, each with a derived `_id`; one that is there already is left as it is.

        Raises as `save` does.
        """

    async def clear(self, published: Mapping[str, int]) -> None:
        """Empty the outbox of each document (id to version) that has not been saved since."""

    async def due(self, now: datetime, slots: Sequence[int] | None, limit: int) -> list[str]:
        """Ids of the earliest documents whose `wake_at` is at or before `now`, in these slots (None: in any)."""

    async def unpublished(self, before: datetime, limit: int) -> list[Stored]:
        """Documents whose outbox has waited since `before`."""

    async def parked(self, after: str | None, limit: int) -> list[Stored]:
        """Documents in which something waits for an operator, by id, after the id given: to look at, never to save.

        Whatever may be megabytes of each is left out: the values of records that wait, and the bodies of the outbox.
        """

    async def count_parked(self, limit: int) -> int:
        """How many those are, counted no further than `limit`."""

    async def unpublished_since(self, before: datetime) -> datetime | None:
        """Since when the oldest outbox has waited, of those from `before` or earlier."""


class Collection(Store, Protocol):
    """A store as a service sees it: with its own indexes, and queries for its read models."""

    async def prepare(self, indexes: Indexes = ()) -> None:
        """Build what the queries need; `indexes` are (keys, options) of the service's own. Safe to repeat.

        On a large collection it takes long, which is why no service does it as it starts.
        """

    async def missing(self, indexes: Indexes = ()) -> list[str]:
        """Names of the indexes that are not there as they are wanted."""

    async def is_empty(self) -> bool:
        """Whether there is neither a document nor a row: then indexes are built in no time."""

    async def find(self, query: Mapping[str, object], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Documents that match, sorted."""

    async def find_rows(
        self, query: Mapping[str, object], limit: int, sort: Sequence[tuple[str, int]] = ()
    ) -> list[Stored]:
        """Rows that match, sorted if asked."""

    async def aggregate(self, pipeline: Sequence[Mapping[str, object]], limit: int = 10_000) -> list[Stored]:
        """The result of an aggregation over the documents."""

    async def progress(self) -> Stored:
        """How far this collection is: facts published and seen, what is unpublished, parked, alive, or due next.

        It adds up all documents, at one moment: for demos and tests, which know by it that nothing happens any more.
        """

    async def open_work(self) -> Stored:
        """The same without facts published and seen: what it costs depends on what is open, not on all there is."""
