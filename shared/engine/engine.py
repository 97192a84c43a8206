"""The one way in: load, decide, save, publish, for a batch from any door (ADR 1, 12).

The engine reaches the world only through what it is handed, so the same code runs in the simulation.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.language import Task
from shared.engine.batch import Batch, Failure
from shared.engine.commands import WorkItem
from shared.engine.decider import Decider
from shared.engine.document import Document, tasks_of
from shared.engine.frame import from_stored, is_newer, rounded_down
from shared.engine.group_commit import GroupCommit
from shared.engine.outbound_calls import OutboundCalls
from shared.engine.saving import save
from shared.engine.shape import fault_of
from shared.engine.unit_of_work import UnitOfWork
from shared.engine.working_set import UNDECODABLE, WorkingSet, shield
from shared.errors import Busy, Newer, Unusable
from shared.ports import Clock, Collection, Count, Stored

ATTEMPTS = 10


@dataclass
class Engine:
    """One kind of aggregate of one service, on the world it is handed.

    `publish(document)` takes each document that was saved with something in its outbox; `effects` makes the calls
    that documents owe. What they miss, the sweep and the timers find in the store.
    `witness(rows)` takes the rows that were added. `token` gives fresh ids for saves and calls; it is never used for
    anything that a retry must repeat.
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
    witness: Callable[[Sequence[Stored]], None] = lambda _rows: None
    working_set: WorkingSet = field(default_factory=WorkingSet)

    def __post_init__(self) -> None:
        """Make the group commit: items that come while one batch is being saved are the next batch."""
        self.queue = GroupCommit(self.handle)

    async def handle(self, items: Sequence[WorkItem], *, may_defer: bool = False) -> list[Any]:
        """Apply the items, in order per aggregate, each aggregate in one write. Return their outcomes in order.

        The outcome of each item of a document that cannot be used is Unusable, or Busy where others keep winning; the
        other documents of the batch have nothing to do with it.

        `may_defer`: a change that publishes nothing and makes no call due may be saved later (write-behind, ADR 13).
        The caller can have the items again, and keeps them until `flush`.

        Raises Unavailable or Unknown when the store is down. The items may be handled again after anything.
        """
        batch = Batch(items, may_defer=may_defer)
        await shield(self._in_turn(dict(batch.places), batch))
        return batch.outcomes()

    async def _in_turn(self, pending: dict[str, list[int]], batch: Batch) -> None:
        """Each aggregate is with one handler of this replica at a time: take those that are free, wait for the rest."""
        await self.clock.refresh()
        while pending:
            ours = await self.working_set.lock.take(pending)
            try:
                await self._write({key: pending.pop(key) for key in ours}, batch)
            finally:
                await self.working_set.lock.give_back(ours)

    async def _write(self, pending: Mapping[str, list[int]], batch: Batch) -> None:
        """Load, decide, save, publish. What another replica saved first is loaded and decided again."""
        remembered = self._remembered(pending)
        for _ in range(ATTEMPTS):
            loaded = {**remembered, **await self._load([key for key in pending if key not in remembered], batch)}
            decided = {key: unit for key, unit in loaded.items() if self._decide(unit, pending[key], batch)}
            deferred = self._deferred(decided, pending, batch)
            to_save = [unit for key, unit in decided.items() if unit.changed and key not in deferred]
            lost = await save(self, to_save, batch)  # what it has saved, it publishes, and makes the calls
            self.count("conflicts", len(lost))
            again = lost.union(key for key in remembered if key in decided and not decided[key].changed)
            unfinished = again | deferred | batch.failed.keys()
            for key, unit in decided.items():
                if key not in unfinished:
                    self._finish(unit)
            pending = {key: places for key, places in pending.items() if key in again}
            if not pending:
                return
            remembered = {}
        batch.failed.update((key, Busy()) for key in pending)

    def _remembered(self, keys: Iterable[str]) -> dict[str, UnitOfWork]:
        """Units on documents as this replica deferred or saved them last, taken out.

        Another replica may have saved since. Then our save is lost, and what would not be saved is decided again.
        """
        found: dict[str, UnitOfWork] = {}
        for key in keys:
            if unit := self.working_set.deferred.go_on(key, self.unit):
                found[key] = unit
            elif document := self.working_set.recent.recall(key):
                found[key] = self.unit(document)
        for unit in found.values():
            document = unit.document
            document.outbox = self.working_set.recent.unacknowledged(document.id, document.outbox)
        return found

    async def _load(self, keys: Sequence[str], batch: Batch) -> dict[str, UnitOfWork]:
        """Units on documents of the store, to which deferred items are applied again. Those that fail are noted."""
        stored = await self.store.load(keys) if keys else {}
        units: dict[str, UnitOfWork] = {}
        for key in keys:
            try:
                found = stored.get(key)
                units[key] = self.unit(self.document(found) if found else Document(key, self.decider.initial))
            except Unusable as problem:
                batch.failed[key] = problem
            else:
                self.working_set.deferred.apply(units[key])
        return units

    def _decide(self, unit: UnitOfWork, places: Sequence[int], batch: Batch) -> bool:
        fault = batch.apply(unit, places)
        if fault:
            self.fail(unit, fault, batch)
        return fault is None

    def _deferred(
        self, units: Mapping[str, UnitOfWork], pending: Mapping[str, list[int]], batch: Batch
    ) -> frozenset[str]:
        """Defer the saves that nobody outside can notice. Return their ids."""
        found = [key for key in units if batch.can_defer[key] and key not in self.working_set.unusable]
        for key in found:
            self.working_set.deferred.keep(units[key], [batch.items[place] for place in pending[key]])
        return frozenset(found)

    def _finish(self, unit: UnitOfWork) -> None:
        """Nothing of it is deferred any more. A save of unknown outcome that did take place is published now."""
        key = unit.document.id
        self.working_set.deferred.forget(key)
        if self.working_set.recent.resolve_doubt(key) and unit.document.outbox and not unit.changed:
            self.publish(unit.document)

    async def do(self, item: WorkItem) -> Any:
        """Handle one item, and return its outcome. Raises as `handle` does, and Unusable or Busy."""
        [outcome] = await self.handle([item])
        if isinstance(outcome, Failure):
            raise outcome
        return outcome

    async def commit(self, item: WorkItem) -> Any:
        """Handle an item with others of its moment, however many wait: an answer from outside is always let in."""
        return await self.queue.submit(item, is_bounded=False)

    async def flush(self, keys: Iterable[str] | None = None) -> None:
        """Save what was deferred: of these aggregates, or of all. May be repeated.

        Raises as `do` does, once all others are saved; what could not be saved stays deferred.
        """
        deferred = self.working_set.deferred
        if waiting := [key for key in (keys or deferred) if key in deferred]:
            batch = Batch()
            await shield(self._in_turn({key: [] for key in waiting}, batch))
            if failure := batch.gravest:
                raise failure

    @property
    def has_deferred(self) -> bool:
        """Whether a save is deferred."""
        return len(self.working_set.deferred) > 0

    def drop_deferred(self) -> None:
        """Forget what was deferred: whoever has the items handles them again."""
        for key in self.working_set.deferred:
            self.working_set.deferred.forget(key)

    def fail(self, unit: UnitOfWork, fault: Exception, batch: Batch) -> None:
        """Something is wrong with this document, or with us: it goes no further, and the others do."""
        self.give_up(Unusable(unit.document.id, "failed", type(fault).__name__), batch)
        self.on_error(fault)

    def give_up(self, problem: Unusable, batch: Batch) -> None:
        """Every item of this document fails."""
        batch.failed[problem.key] = problem
        self._note(problem)

    def _note(self, problem: Unusable) -> None:
        if self.working_set.unusable.note(problem):
            self.count("unusable", 1, reason=problem.reason)

    async def read(self, key: str) -> Document | None:
        """The newest document, or None; what this replica has deferred is saved first. Raises Unusable."""
        await self.flush([key])
        stored = (await self.store.load([key])).get(key)
        return self.document(stored) if stored else None

    def document(self, stored: Stored) -> Document:
        """A document from the store, without the entries that this replica knows to be published. Raises Unusable."""
        try:
            document = self._opened(stored)
        except Unusable as problem:
            self._note(problem)
            raise
        self.working_set.unusable.opened(document.id)
        return document

    def usable(self, stored: Iterable[Stored]) -> list[Document]:
        """Those of these documents that can be used: a reader of many does not fail for the sake of one."""
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
        document.outbox = self.working_set.recent.unacknowledged(document.id, document.outbox)
        return document

    def state(self, stored: Stored) -> Any:
        """The state of a document from the store, for a reader who wants nothing else of it. Raises Unusable."""
        if is_newer(stored, self.decider.schema):
            raise Newer(stored["_id"])
        try:
            return self.decider.decode(stored["state"], stored["schema"])
        except Exception:  # noqa: BLE001 - pydantic's, or an upcaster's: whatever it is, the state is not to be read
            raise Unusable(stored["_id"], UNDECODABLE, "/state") from None

    def unit(self, document: Document) -> UnitOfWork:
        """A unit of work on a document, at the clock's now."""
        return UnitOfWork(self.decider, document, rounded_down(self.clock.now()), self.service, self.effects.traits)

    def tasks_of(self, document: Document) -> tuple[Task, ...]:
        """Who must do what by when about a document, for a reader: nothing is begun."""
        return tasks_of(self.decider, document)
