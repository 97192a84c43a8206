"""What one replica keeps in memory of the documents it works on. All of it may be lost: the store has the truth.

A lock per aggregate, saves that are deferred (ADR 13), documents as they were saved last (ADR 12), entries that are
on the topics already, and documents that cannot be used. Nothing here decides or reaches out.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from shared.engine.document import ANSWERS_KEPT, Document, OutboxEntry
from shared.errors import Unusable
from shared.ports import Stored

if TYPE_CHECKING:
    from shared.engine.commands import WorkItem
    from shared.engine.unit_of_work import UnitOfWork

T = TypeVar("T")
ENDS_WITHIN_S = 6.0
"""A little longer than the database may take for one save."""


async def shield(work: Coroutine[Any, Any, T]) -> T:
    """Await the work. A cancelled caller stops once it has ended, or soon; cancelled again, at once."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_forgotten)
        await asyncio.wait([task], timeout=ENDS_WITHIN_S)
        raise


def _forgotten(task: asyncio.Task[object]) -> None:
    """Nobody is left to hear how it ended."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()


class KeyedLock:
    """One lock per aggregate. A handler takes those that are free, and waits only when none is."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._waiters: list[asyncio.Future[None]] = []

    async def take(self, keys: Collection[str]) -> list[str]:
        """Take those of these aggregates that nobody has; wait until there is one. Who takes gives back."""
        while not (free := [key for key in keys if key not in self._keys]):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        self._keys.update(free)
        return free

    async def give_back(self, keys: Collection[str]) -> None:
        """Let others have them: those who wait come before whoever gives back."""
        self._keys.difference_update(keys)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        if waiters:
            await asyncio.sleep(0)


@dataclass
class _Deferred:
    """The items of one aggregate, and a document with them: None once a handler has gone on from it."""

    items: "list[WorkItem]"
    document: Document | None
    rows: list[Stored]


class WriteBehind:
    """Deferred saves by aggregate (write-behind). Nothing here waits or reaches out."""

    def __init__(self) -> None:
        self._entries: dict[str, _Deferred] = {}

    def __iter__(self) -> Iterator[str]:
        """The aggregates' ids."""
        return iter(list(self._entries))

    def __len__(self) -> int:
        """How many aggregates have a deferred save."""
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        """Whether a save of this aggregate is deferred."""
        return key in self._entries

    def keep(self, unit: "UnitOfWork", items: "Sequence[WorkItem]") -> None:
        """Defer the save of a unit, to which these items were applied after the deferred ones.

        In an outage the same facts are read again and again: each is kept once.
        """
        before = self._entries.get(unit.document.id)
        held = before.items if before else []
        new = [item for item in items if item not in held]
        self._entries[unit.document.id] = _Deferred([*held, *new], unit.document, unit.rows)

    def go_on(self, key: str, unit_on: "Callable[[Document], UnitOfWork]") -> "UnitOfWork | None":
        """A unit with the deferred changes, once: if its save is lost, the items are applied again."""
        entry = self._entries.get(key)
        if entry is None or entry.document is None:
            return None
        unit, entry.document = unit_on(entry.document), None
        unit.changed, unit.rows = True, entry.rows
        return unit

    def apply(self, unit: "UnitOfWork") -> None:
        """Apply the items again, to a unit on a saved document; those that it knows change nothing."""
        if entry := self._entries.get(unit.document.id):
            for item in entry.items:
                item.apply(unit)

    def forget(self, key: str) -> None:
        """The deferred changes of this aggregate are in the store."""
        self._entries.pop(key, None)


ACKNOWLEDGED_KEPT = 20_000
"""As many documents as a round of the publisher may confirm: what is forgotten before it is cleared goes out twice."""
DOCUMENTS_REMEMBERED = 1_000


class Recent:
    """Documents by id, as this replica left them."""

    def __init__(self) -> None:
        self._acknowledged: OrderedDict[str, int] = OrderedDict()
        self._remembered: OrderedDict[str, Document] = OrderedDict()
        self._doubted: set[str] = set()

    def unacknowledged(self, key: str, entries: Sequence[OutboxEntry]) -> list[OutboxEntry]:
        """Those entries of a document's outbox that, as far as this replica knows, are not on the topic yet."""
        acknowledged = self._acknowledged.get(key, 0)
        return [entry for entry in entries if entry.n > acknowledged]

    def acknowledge(self, key: str, n: int) -> None:
        """Everything up to entry `n` of this document's outbox is on the topic; the next save drops it."""
        self._acknowledged[key] = max(n, self._acknowledged.pop(key, 0))
        while len(self._acknowledged) > ACKNOWLEDGED_KEPT:
            self._acknowledged.popitem(last=False)

    def remember(self, document: Document) -> None:
        """A document as it was saved."""
        document.answered = dict(list(document.answered.items())[-ANSWERS_KEPT:])
        self._remembered[document.id] = document
        while len(self._remembered) > DOCUMENTS_REMEMBERED:
            self._remembered.popitem(last=False)

    def recall(self, key: str) -> Document | None:
        """A document as it was saved last, taken out: who goes on from it changes it."""
        return self._remembered.pop(key, None)

    def doubt(self, ids: Iterable[str]) -> None:
        """Remember of whose saves nobody knows the outcome; what is forgotten is left to the sweep."""
        self._doubted.update(ids)
        while len(self._doubted) > DOCUMENTS_REMEMBERED:
            self._doubted.pop()

    def resolve_doubt(self, key: str) -> bool:
        """Whether nobody knew the outcome of a save of this document until now."""
        is_doubted = key in self._doubted
        self._doubted.discard(key)
        return is_doubted


REASONS_REMEMBERED = 10_000
UNDECODABLE = "undecodable"
READING = ("newer", UNDECODABLE)
"""Why a document cannot be read."""


class UnusableDocuments(Mapping[str, str]):
    """Reasons by id, in the order in which they were met."""

    def __init__(self) -> None:
        self._reasons: OrderedDict[str, str] = OrderedDict()

    def __getitem__(self, key: str) -> str:
        """Why this document cannot be used."""
        return self._reasons[key]

    def __iter__(self) -> Iterator[str]:
        """The ids."""
        return iter(list(self._reasons))

    def __len__(self) -> int:
        """How many are known."""
        return len(self._reasons)

    def note(self, problem: Unusable) -> bool:
        """One was met. Return whether that is news."""
        is_news = self._reasons.get(problem.key) != problem.why
        self._reasons[problem.key] = problem.why
        if len(self._reasons) > REASONS_REMEMBERED:
            self._reasons.popitem(last=False)
        return is_news

    def opened(self, key: str) -> None:
        """It can be read; whether it can be saved is not known by that."""
        if self._reasons and self._reasons.get(key, "").partition(":")[0] in READING:
            del self._reasons[key]

    def saved(self, key: str) -> None:
        """It can be used."""
        self._reasons.pop(key, None)


@dataclass
class WorkingSet:
    """All of it, of one engine: who works on what, saves that are deferred, documents known by heart or unusable."""

    lock: KeyedLock = field(default_factory=KeyedLock)
    deferred: WriteBehind = field(default_factory=WriteBehind)
    recent: Recent = field(default_factory=Recent)
    unusable: UnusableDocuments = field(default_factory=UnusableDocuments)
