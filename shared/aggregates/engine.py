"""The one way in: load, decide, fold, save, publish, for a batch from any door (ARCHITECTURE §2).

The engine reaches the world only through what it is handed, so the same code runs in the simulation.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from shared.aggregates.caller import NO_CALLER, Caller
from shared.aggregates.decider import Decider
from shared.aggregates.document import ANSWERS_KEPT, Document, OutboxEntry, from_stored, to_stored
from shared.aggregates.draft import Cause, Draft
from shared.errors import Busy, Mismatched, Rejected, Stale, Unknown
from shared.ports import Clock, Collection, Stored, Traits

ATTEMPTS = 10
ACKNOWLEDGED_KEPT = 100_000
REMEMBERED = 2_000


class Item(Protocol):
    """Something for one aggregate, from any door."""

    @property
    def key(self) -> str:
        """The aggregate's id."""

    def apply(self, draft: Draft) -> Any:
        """Change the draft and return the outcome. Applied again on a newer document after a conflict."""


@dataclass(frozen=True)
class Outcome:
    """What became of a command: the version that holds it, or why it was refused. `fault` is ours: a faulty decider."""

    version: int
    refusal: Rejected | None = None
    is_repeat: bool = False
    fault: Exception | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A command from a person or a system.

    `id` makes a retry find its first outcome; `fingerprint` is of what was sent; `expected_version` is If-Match.
    """

    key: str
    id: str
    command: Any
    fingerprint: str | None = None
    expected_version: int | None = None
    traceparent: str | None = None

    def apply(self, draft: Draft) -> Outcome:
        """Decide it once; a retry of what took effect gets the first answer."""
        document = draft.document
        if (known := document.answered.get(self.id)) is not None:
            return self._again(known)
        current = document.version + draft.changed
        if self.expected_version is not None and self.expected_version != current:
            return Outcome(document.version, Stale("stale", "It has changed since you read it; read it again."))
        try:
            told = draft.decide(self.command, Cause(self.id, self.traceparent))
        except Rejected as refusal:
            return Outcome(document.version, refusal)
        except Exception as fault:  # noqa: BLE001 - the others of the batch have nothing to do with it
            return Outcome(document.version, fault=fault)
        version = document.version + 1 if draft.changed else document.version
        if told:
            document.answered[self.id] = {"version": version, "fingerprint": self.fingerprint}
        return Outcome(version)

    def _again(self, known: Stored) -> Outcome:
        if self.fingerprint and known["fingerprint"] != self.fingerprint:
            refusal = Mismatched("idempotency-mismatch", "This Idempotency-Key was used for another request.")
            return Outcome(known["version"], refusal)
        return Outcome(known["version"], is_repeat=True)


@dataclass
class _PutOff:
    """Items whose effect is not saved yet, and the document with it; None while somebody works on from it."""

    items: list[Item]
    document: Document | None
    rows: list[Stored]


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
    count: Callable[[str, int], None] = lambda _name, _n: None
    _acknowledged: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _remembered: OrderedDict[str, Document] = field(default_factory=OrderedDict)
    _put_off: dict[str, _PutOff] = field(default_factory=dict)

    async def handle(self, items: Sequence[Item], *, may_wait: bool = False) -> list[Any]:
        """Apply the items, in order per aggregate, each aggregate in one write. Return their outcomes in order.

        `may_wait`: what tells nothing and makes no call due may be saved later, with what follows. The caller can have
        the items again, and does not let go of them before `settle`.

        Raises Unavailable or Unknown when the store is down, Busy when others keep winning; the items may be
        handled again after any of them.
        """
        await self.clock.refresh()
        outcomes: list[Any] = [None] * len(items)
        pending: dict[str, list[int]] = defaultdict(list)
        for index, item in enumerate(items):
            pending[item.key].append(index)
        await self._work_off(pending, items, outcomes, may_wait=may_wait)
        return outcomes

    async def settle(self, keys: Iterable[str] | None = None) -> None:
        """Save what was put off: of these aggregates, or of all. Raises as `handle` does, and may be repeated."""
        if put_off := [key for key in (self._put_off if keys is None else keys) if key in self._put_off]:
            await self.clock.refresh()
            await self._work_off({key: [] for key in put_off}, (), [], may_wait=False)

    @property
    def has_put_off(self) -> bool:
        """Whether something waits to be saved."""
        return bool(self._put_off)

    async def _work_off(
        self, pending: Mapping[str, list[int]], items: Sequence[Item], outcomes: list[Any], *, may_wait: bool
    ) -> None:
        known = self._recall(pending)
        for _ in range(ATTEMPTS):
            drafts = {**known, **await self._drafts([key for key in pending if key not in known])}
            for key, indexes in pending.items():
                for index in indexes:
                    outcomes[index] = items[index].apply(drafts[key])
            waiting = {key for key, draft in drafts.items() if may_wait and draft.can_wait}
            for key in waiting:
                self._put_off_saving(drafts[key], [items[index] for index in pending[key]])
            lost = await self._save([draft for key, draft in drafts.items() if draft.changed and key not in waiting])
            self.count("conflicts", len(lost))
            unsure = {key for key, draft in known.items() if not draft.changed}
            for key in drafts.keys() - waiting - lost - unsure:
                self._no_longer_put_off(drafts[key])
            pending = {key: indexes for key, indexes in pending.items() if key in lost or key in unsure}
            if not pending:
                return
            known = {}
        raise Busy

    def _put_off_saving(self, draft: Draft, items: Sequence[Item]) -> None:
        self._put_off[draft.document.id] = _PutOff([*draft.put_off, *items], draft.document, draft.rows)
        self.count("put_off", 1)

    def _no_longer_put_off(self, draft: Draft) -> None:
        """What the draft holds is in the store. What was put off since is not, and rests on an older document."""
        if draft.put_off and (left := self._put_off.pop(draft.document.id, None)):
            held = {id(item) for item in draft.put_off}
            if since := [item for item in left.items if id(item) not in held]:
                self._put_off[draft.document.id] = _PutOff(since, None, [])

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
        """Drafts on what this replica put off or saved last of these, taken out: one handler has it at a time.

        Another replica may have saved since. Then our save is lost, and what would not be saved is decided again.
        """
        found: dict[str, Draft] = {}
        for key in keys:
            if (put_off := self._put_off.get(key)) and put_off.document:
                document, put_off.document = put_off.document, None
                found[key] = self._go_on(document, put_off)
            elif (remembered := self._remembered.pop(key, None)) is not None:
                found[key] = self._draft_with_put_off(remembered)
        for draft in found.values():
            draft.document.outbox = self.unacknowledged(draft.document.id, draft.document.outbox)
        return found

    def _go_on(self, document: Document, put_off: _PutOff) -> Draft:
        draft = self.draft(document)
        draft.changed, draft.rows, draft.put_off = True, put_off.rows, list(put_off.items)
        return draft

    def _draft_with_put_off(self, document: Document) -> Draft:
        """A draft on a saved document, to which what was put off is applied again."""
        draft = self.draft(document)
        if put_off := self._put_off.get(document.id):
            draft.put_off = list(put_off.items)
            for item in draft.put_off:
                item.apply(draft)
        return draft

    def _remember(self, document: Document) -> None:
        document.answered = dict(list(document.answered.items())[-ANSWERS_KEPT:])
        self._remembered[document.id] = document
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    async def _drafts(self, keys: Sequence[str]) -> dict[str, Draft]:
        stored = await self.store.load(keys) if keys else {}
        return {key: self._draft_with_put_off(self._document(key, stored.get(key))) for key in keys}

    def _document(self, key: str, stored: Stored | None) -> Document:
        return self.document(stored) if stored else Document(key, self.decider.initial)

    async def _save(self, drafts: list[Draft]) -> frozenset[str]:
        """Save the drafts; return the ids to decide again, whose save was lost or whose outcome nobody knows."""
        if not drafts:
            return frozenset()
        if rows := [row for draft in drafts for row in draft.rows]:
            await self.store.append(rows)
        lost = frozenset(draft.document.id for draft in drafts)
        try:
            lost = await self.store.save([self._stored(draft) for draft in drafts])
        except Unknown:
            return lost
        finally:
            for draft in drafts:
                if draft.document.id in lost:
                    self.caller.release(draft)
        self.count("saves", len(drafts) - len(lost))
        for draft in drafts:
            if draft.document.id not in lost:
                self._after(draft)
        return lost

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


def command_id(*parts: str) -> str:
    """A command's id from what identifies it, so that every retry has the same one."""
    return sha256("\x00".join(parts).encode()).hexdigest()[:32]
