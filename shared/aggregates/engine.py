"""The one way in: load, decide, fold, save, publish, for a batch from any door (ADR 1, 12).

The engine reaches the world only through what it is handed, so the same code runs in the simulation.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.aggregates.ask import Item
from shared.aggregates.caller import NO_CALLER, Caller
from shared.aggregates.decider import Decider
from shared.aggregates.document import ANSWERS_KEPT, Document, OutboxEntry, from_stored, to_stored
from shared.aggregates.draft import Draft
from shared.aggregates.in_hand import InHand
from shared.aggregates.put_off import PutOff
from shared.aggregates.unbroken import unbroken
from shared.errors import Busy, Unknown
from shared.ports import Clock, Collection, Count, Stored, Traits

ATTEMPTS = 10
ACKNOWLEDGED_KEPT = 20_000
"""As many documents as a round of the publisher may confirm: what is forgotten before it is cleared goes out twice."""
REMEMBERED = 1_000


@dataclass
class Engine:
    """One kind of aggregate of one service, on the world it is handed.

    `publish(document)` is told each document that was saved with something in its outbox; `caller` makes the calls
    that documents owe. What they miss, the sweep and the clock find in the store.
    `token` gives fresh ids for saves and calls; it is never used for anything that a retry must repeat.
    """

    decider: Decider
    store: Collection
    clock: Clock
    slot_of: Callable[[str], int]
    token: Callable[[], str]
    service: str | None = None
    traits: Mapping[str, Traits] = field(default_factory=dict)
    publish: Callable[[Document], None] = lambda _document: None
    caller: Caller = NO_CALLER
    count: Count = lambda *_, **_labels: None
    _acknowledged: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _remembered: OrderedDict[str, Document] = field(default_factory=OrderedDict)
    _put_off: PutOff = field(default_factory=PutOff)
    _in_hand: InHand = field(default_factory=InHand)
    _doubted: set[str] = field(default_factory=set)

    async def handle(self, items: Sequence[Item], *, may_wait: bool = False) -> list[Any]:
        """Apply the items, in order per aggregate, each aggregate in one write. Return their outcomes in order.

        `may_wait`: what tells nothing and makes no call due may be saved later, with what follows. The caller can have
        the items again, and does not let go of them before `settle`.

        Raises Unavailable or Unknown when the store is down, Busy when others keep winning; the items may be
        handled again after any of them.
        """
        outcomes: list[Any] = [None] * len(items)
        pending: dict[str, list[int]] = defaultdict(list)
        for index, item in enumerate(items):
            pending[item.key].append(index)
        await unbroken(self._work_off(pending, items, outcomes, may_wait=may_wait))
        return outcomes

    async def settle(self, keys: Iterable[str] | None = None) -> None:
        """Save what was put off: of these aggregates, or of all. Raises as `handle` does, and may be repeated."""
        if put_off := [key for key in (keys or self._put_off) if key in self._put_off]:
            await unbroken(self._work_off({key: [] for key in put_off}, (), [], may_wait=False))

    @property
    def has_put_off(self) -> bool:
        """Whether something waits to be saved."""
        return len(self._put_off) > 0

    async def _work_off(
        self, pending: dict[str, list[int]], items: Sequence[Item], outcomes: list[Any], *, may_wait: bool
    ) -> None:
        await self.clock.refresh()
        while pending:
            ours = await self._in_hand.take(pending)
            try:
                await self._apply({key: pending.pop(key) for key in ours}, items, outcomes, may_wait=may_wait)
            finally:
                await self._in_hand.give_back(ours)

    async def _apply(
        self, pending: Mapping[str, list[int]], items: Sequence[Item], outcomes: list[Any], *, may_wait: bool
    ) -> None:
        known = self._recall(pending)
        for _ in range(ATTEMPTS):
            drafts = {**known, **await self._drafts([key for key in pending if key not in known])}
            for key, indexes in pending.items():
                for index in indexes:
                    outcomes[index] = items[index].apply(drafts[key])
            waiting = {key: draft for key, draft in drafts.items() if may_wait and draft.can_wait}
            for key, draft in waiting.items():
                self._put_off.keep(draft, [items[index] for index in pending[key]])
            lost = await self._save([draft for key, draft in drafts.items() if draft.changed and key not in waiting])
            self.count("conflicts", len(lost))
            again = lost.union(key for key, draft in known.items() if not draft.changed)
            for key, draft in drafts.items():
                if key not in again and key not in waiting:
                    self._put_off.forget(key)
                    self._settle_doubt(draft)
            pending = {key: indexes for key, indexes in pending.items() if key in again}
            if not pending:
                return
            known = {}
        raise Busy

    async def read(self, key: str) -> Document | None:
        """The newest document, or None; what this replica has put off is saved first."""
        await self.settle([key])
        stored = (await self.store.load([key])).get(key)
        return self.document(stored) if stored else None

    def document(self, stored: Stored) -> Document:
        """A document from the store, without what this replica knows to be published."""
        document = from_stored(stored, self.state(stored))
        document.outbox = self.unacknowledged(document.id, document.outbox)
        return document

    def state(self, stored: Stored) -> Any:
        """The state of a document from the store, for who wants nothing else of it."""
        return self.decider.decode(stored["state"], stored["schema"])

    def draft(self, document: Document) -> Draft:
        """A draft on a document, at the clock's now."""
        return Draft(self.decider, document, _stored_now(self.clock), self.service, self.traits)

    def unacknowledged(self, key: str, entries: Sequence[OutboxEntry]) -> list[OutboxEntry]:
        """Those entries of a document's outbox that, as far as this replica knows, are not on the topic yet."""
        acknowledged = self._acknowledged.get(key, 0)
        return [entry for entry in entries if entry.n > acknowledged]

    def acknowledged(self, key: str, n: int) -> None:
        """Everything up to entry `n` of this document's outbox is on the topic; the next save drops it."""
        self._acknowledged[key] = max(n, self._acknowledged.pop(key, 0))
        while len(self._acknowledged) > ACKNOWLEDGED_KEPT:
            self._acknowledged.popitem(last=False)

    def _recall(self, keys: Iterable[str]) -> dict[str, Draft]:
        """Drafts on what this replica put off or saved last of these, taken out.

        Another replica may have saved since. Then our save is lost, and what would not be saved is decided again.
        """
        found: dict[str, Draft] = {}
        for key in keys:
            if draft := self._put_off.go_on(key, self.draft):
                found[key] = draft
            elif document := self._remembered.pop(key, None):
                found[key] = self.draft(document)
        for draft in found.values():
            draft.document.outbox = self.unacknowledged(draft.document.id, draft.document.outbox)
        return found

    def _remember(self, document: Document) -> None:
        document.answered = dict(list(document.answered.items())[-ANSWERS_KEPT:])
        self._remembered[document.id] = document
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    async def _drafts(self, keys: Sequence[str]) -> dict[str, Draft]:
        """Drafts on what is in the store, to which what was put off is applied again."""
        stored = await self.store.load(keys) if keys else {}
        drafts = {key: self.draft(self._document(key, stored.get(key))) for key in keys}
        for draft in drafts.values():
            self._put_off.apply(draft)
        return drafts

    def _document(self, key: str, stored: Stored | None) -> Document:
        return self.document(stored) if stored else Document(key, self.decider.initial)

    async def _save(self, drafts: list[Draft]) -> frozenset[str]:
        """Save the drafts; return the ids to decide again, whose save was lost or whose outcome nobody knows."""
        if not drafts:
            return frozenset()
        if rows := [row for draft in drafts for row in draft.rows]:
            await self.store.append(rows)
        ids = frozenset(draft.document.id for draft in drafts)
        lost, is_certain = ids, False
        try:
            lost, is_certain = await self.store.save([self._stored(draft) for draft in drafts]), True
        except Unknown:
            self._doubt(ids)
            return ids
        finally:
            for draft in drafts:
                if draft.document.id in lost:
                    self.caller.release(draft, is_certain=is_certain)
        self.count("saves", len(drafts) - len(lost))
        for draft in drafts:
            if draft.document.id not in lost:
                self._after(draft)
        return lost

    def _doubt(self, ids: frozenset[str]) -> None:
        """Remember of whose saves nobody knows the outcome; what is forgotten is left to the sweep."""
        self._doubted.update(ids)
        while len(self._doubted) > REMEMBERED:
            self._doubted.pop()

    def _settle_doubt(self, draft: Draft) -> None:
        """What was saved without our knowing it, and told, is published now, not when the sweep finds it."""
        if draft.document.id in self._doubted:
            self._doubted.discard(draft.document.id)
            if draft.document.outbox and not draft.changed:
                self.publish(draft.document)

    def _stored(self, draft: Draft) -> Stored:
        document = draft.document
        self.caller.begin(draft)
        document.version += 1
        document.wake_at = draft.wake_at(self.caller.handover())
        return to_stored(
            document, self.decider.encode(document.state), self.decider.schema, self.slot_of(document.id), draft.now
        )

    def _after(self, draft: Draft) -> None:
        if draft.document.outbox:
            self.publish(draft.document)
        if draft.document.calls:
            self.caller.drive(draft)
        self._remember(draft.document)


def _stored_now(clock: Clock) -> datetime:
    """In the store's milliseconds: what is published from memory must not differ from what the sweep finds."""
    now = clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
