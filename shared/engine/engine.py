"""The one way in: load, decide, fold, save, publish, for a batch from any door (ADR 1, 12).

The engine reaches the world only through what it is handed, so the same code runs in the simulation.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.engine.batch import Batch, Failure
from shared.engine.commands import WorkItem
from shared.engine.decider import Decider
from shared.engine.document import Document
from shared.engine.frame import from_stored, is_newer
from shared.engine.group_commit import GroupCommit
from shared.engine.outbound_calls import OutboundCalls
from shared.engine.saving import save
from shared.engine.shape import fault_of
from shared.engine.unit_of_work import UnitOfWork
from shared.engine.working_set import UNDECODABLE, KeyedLock, Recent, UnusableDocuments, WriteBehind, shield
from shared.errors import Busy, Newer, Unusable
from shared.ports import Clock, Collection, Count, Stored

ATTEMPTS = 10


@dataclass
class Engine:
    """One kind of aggregate of one service, on the world it is handed.

    `publish(document)` takes each document that was saved with something in its outbox; `effects` makes the calls
    that documents owe. What they miss, the sweep and the clock find in the store.
    `token` gives fresh ids for saves and calls; it is never used for anything that a retry must repeat.
    """

    decider: Decider
    store: Collection
    clock: Clock
    partition_of: Callable[[str], int]
    token: Callable[[], str]
    publish: Callable[[Document], None]
    effects: OutboundCalls
    service: str | None = None
    count: Count = lambda *_, **_labels: None
    on_error: Callable[[BaseException], None] = lambda _error: None
    recent: Recent = field(default_factory=Recent)
    unusable: UnusableDocuments = field(default_factory=UnusableDocuments)
    _write_behind: WriteBehind = field(default_factory=WriteBehind)
    _lock: KeyedLock = field(default_factory=KeyedLock)

    def __post_init__(self) -> None:
        """What comes while one batch is being saved is the next batch."""
        self.queue = GroupCommit(self.handle)

    async def commit(self, item: WorkItem) -> Any:
        """Handle an item with others of its moment, however many wait: what was begun outside is always let in."""
        return await self.queue.submit(item, is_bounded=False)

    async def handle(self, items: Sequence[WorkItem], *, may_defer: bool = False) -> list[Any]:
        """Apply the items, in order per aggregate, each aggregate in one write. Return their outcomes in order.

        The outcome of each item of a document that cannot be used is Unusable, or Busy where others keep winning; the
        other documents of the batch have nothing to do with it.

        `may_defer`: what tells nothing and makes no call due may be saved later, with what follows. The caller can have
        the items again, and does not let go of them before `settle`.

        Raises Unavailable or Unknown when the store is down. The items may be handled again after anything.
        """
        batch = Batch(items, may_defer=may_defer)
        await shield(self._work_off(dict(batch.places), batch))
        return batch.outcomes()

    async def do(self, item: WorkItem) -> Any:
        """Handle one item, and return its outcome. Raises as `handle` does, and Unusable or Busy."""
        [outcome] = await self.handle([item])
        if isinstance(outcome, Failure):
            raise outcome
        return outcome

    async def flush(self, keys: Iterable[str] | None = None) -> None:
        """Save what was put off: of these aggregates, or of all. May be repeated.

        Raises as `do` does, once all others are saved; what could not be is put off still.
        """
        if put_off := [key for key in (keys or self._write_behind) if key in self._write_behind]:
            batch = Batch()
            await shield(self._work_off({key: [] for key in put_off}, batch))
            if failure := batch.gravest:
                raise failure

    @property
    def has_deferred(self) -> bool:
        """Whether something waits to be saved."""
        return len(self._write_behind) > 0

    def drop_deferred(self) -> None:
        """Forget what was put off: whoever has the items handles them again."""
        for key in self._write_behind:
            self._write_behind.forget(key)

    async def _work_off(self, pending: dict[str, list[int]], batch: Batch) -> None:
        await self.clock.refresh()
        while pending:
            ours = await self._lock.take(pending)
            try:
                await self._apply({key: pending.pop(key) for key in ours}, batch)
            finally:
                await self._lock.give_back(ours)

    async def _apply(self, pending: Mapping[str, list[int]], batch: Batch) -> None:
        known = self._recall(pending)
        for _ in range(ATTEMPTS):
            units = {**known, **await self._units([key for key in pending if key not in known], batch)}
            units = {key: unit for key, unit in units.items() if self._is_applied(unit, pending[key], batch)}
            waiting = [key for key in units if batch.can_defer[key] and key not in self.unusable]
            for key in waiting:
                self._write_behind.keep(units[key], [batch.items[index] for index in pending[key]])
            to_save = [unit for key, unit in units.items() if unit.changed and key not in waiting]
            lost = await save(self, to_save, batch)
            self.count("conflicts", len(lost))
            again = lost.union(key for key in known if key in units and not units[key].changed)
            for key in units:
                if key not in again and key not in waiting and key not in batch.failed:
                    self._done(units[key])
            pending = {key: indexes for key, indexes in pending.items() if key in again}
            if not pending:
                return
            known = {}
        batch.failed.update((key, Busy()) for key in pending)

    def _is_applied(self, unit: UnitOfWork, places: Sequence[int], batch: Batch) -> bool:
        fault = batch.apply(unit, places)
        if fault:
            self.fail(unit, fault, batch)
        return fault is None

    def fail(self, unit: UnitOfWork, fault: Exception, batch: Batch) -> None:
        """Something is wrong with this document, or with us: it goes no further, and the others do."""
        self.give_up(Unusable(unit.document.id, "failed", type(fault).__name__), batch)
        self.on_error(fault)

    def give_up(self, problem: Unusable, batch: Batch) -> None:
        """Whatever is for this document fails."""
        batch.failed[problem.key] = problem
        self._note(problem)

    def _note(self, problem: Unusable) -> None:
        if self.unusable.note(problem):
            self.count("unusable", 1, reason=problem.reason)

    def _done(self, unit: UnitOfWork) -> None:
        """Nothing of it is put off any more; what was saved without our knowing it, and told, is published now."""
        key = unit.document.id
        self._write_behind.forget(key)
        if self.recent.resolve_doubt(key) and unit.document.outbox and not unit.changed:
            self.publish(unit.document)

    async def read(self, key: str) -> Document | None:
        """The newest document, or None; what this replica has put off is saved first. Raises Unusable."""
        await self.flush([key])
        stored = (await self.store.load([key])).get(key)
        return self.document(stored) if stored else None

    def document(self, stored: Stored) -> Document:
        """A document from the store, without what this replica knows to be published. Raises Unusable."""
        try:
            document = self._opened(stored)
        except Unusable as problem:
            self._note(problem)
            raise
        self.unusable.opened(document.id)
        return document

    def usable(self, stored: Iterable[Stored]) -> list[Document]:
        """Those of these documents that can be used: who looks at many does not fail for the sake of one."""
        found = []
        for each in stored:
            with suppress(Unusable):
                found.append(self.document(each))
        return found

    def _opened(self, stored: Stored) -> Document:
        state = self.state(stored)
        if fault := fault_of(stored):
            raise Unusable(stored["_id"], UNDECODABLE, fault)
        document = from_stored(stored, state)
        document.outbox = self.recent.unacknowledged(document.id, document.outbox)
        return document

    def state(self, stored: Stored) -> Any:
        """The state of a document from the store, for who wants nothing else of it. Raises Unusable."""
        if is_newer(stored, self.decider.schema):
            raise Newer(stored["_id"])
        try:
            return self.decider.decode(stored["state"], stored["schema"])
        except Exception:  # noqa: BLE001 - pydantic's, or an upcaster's: whatever it is, the state is not to be read
            raise Unusable(stored["_id"], UNDECODABLE, "/state") from None

    def unit(self, document: Document) -> UnitOfWork:
        """A draft on a document, at the clock's now."""
        return UnitOfWork(self.decider, document, _stored_now(self.clock), self.service, self.effects.traits)

    def _recall(self, keys: Iterable[str]) -> dict[str, UnitOfWork]:
        """Drafts on what this replica put off or saved last of these, taken out.

        Another replica may have saved since. Then our save is lost, and what would not be saved is decided again.
        """
        found: dict[str, UnitOfWork] = {}
        for key in keys:
            if unit := self._write_behind.go_on(key, self.unit):
                found[key] = unit
            elif document := self.recent.recall(key):
                found[key] = self.unit(document)
        for unit in found.values():
            unit.document.outbox = self.recent.unacknowledged(unit.document.id, unit.document.outbox)
        return found

    async def _units(self, keys: Sequence[str], batch: Batch) -> dict[str, UnitOfWork]:
        """Drafts on what is in the store, to which what was put off is applied again. Those that fail are noted."""
        stored = await self.store.load(keys) if keys else {}
        units: dict[str, UnitOfWork] = {}
        for key in keys:
            try:
                units[key] = self.unit(self._document(key, stored.get(key)))
            except Unusable as problem:
                batch.failed[key] = problem
            else:
                self._write_behind.apply(units[key])
        return units

    def _document(self, key: str, stored: Stored | None) -> Document:
        return self.document(stored) if stored else Document(key, self.decider.initial)


def _stored_now(clock: Clock) -> datetime:
    """In the store's milliseconds: what is published from memory must not differ from what the sweep finds."""
    now = clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
