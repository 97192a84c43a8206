"""Defects of how stories are told, heard and kept. Each plants one mistake until its monkeypatch is undone."""

# ruff: noqa: SLF001 - a defect reaches into what it breaks

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.envelope import Envelope
from shared.engine import Document, Engine, WaitingEntry
from shared.engine.commands import CommandEnvelope
from shared.engine.unit_of_work import UnitOfWork
from shared.engine.working_set import WriteBehind
from shared.messaging import inbox, parked
from shared.messaging.consumer import Consumer, next_offsets
from shared.messaging.inbox import Reader
from shared.messaging.outbox import Publisher
from shared.messaging.parked import ReplayEntry
from shared.ports import Received
from tests.support.memory import MemoryStore

Plant = Callable[[pytest.MonkeyPatch], None]


def _offset_committed_before_save(patch: pytest.MonkeyPatch) -> None:
    take = Consumer._take

    async def broken(self: Consumer, records: list[Received]) -> None:
        await self._subscription.commit(next_offsets(records))
        await take(self, records)

    patch.setattr(Consumer, "_take", broken)


def _offset_committed_before_what_was_put_off(patch: pytest.MonkeyPatch) -> None:
    async def broken(self: Consumer) -> None:
        done, self._done = self._done, {}
        if done:
            await self._subscription.commit(done)

    patch.setattr(Consumer, "_commit", broken)


def _what_was_put_off_forgotten_when_its_save_is_lost(patch: pytest.MonkeyPatch) -> None:
    go_on = WriteBehind.go_on

    def broken(self: WriteBehind, key: str, draft_on: Callable[[Document], UnitOfWork]) -> UnitOfWork | None:
        unit = go_on(self, key, draft_on)
        self._entries.pop(key, None)
        return unit

    patch.setattr(WriteBehind, "go_on", broken)


def _outbox_cleared_before_acknowledgement(patch: pytest.MonkeyPatch) -> None:
    send = Publisher._send

    async def broken(self: Publisher, topic: str, partition: int, lines: list[Any]) -> list[Any]:
        await send(self, topic, partition, lines)
        return lines

    patch.setattr(Publisher, "_send", broken)


def _only_the_newest_entry_published(patch: pytest.MonkeyPatch) -> None:
    publish = Publisher.publish

    def broken(self: Publisher, document: Document) -> None:
        publish(self, replace(document, outbox=document.outbox[-1:]))

    patch.setattr(Publisher, "publish", broken)


def _two_batches_in_flight(patch: pytest.MonkeyPatch) -> None:
    send = Publisher._send

    async def broken(self: Publisher, topic: str, partition: int, lines: list[Any]) -> list[Any]:
        half = len(lines) // 2
        parts = [send(self, topic, partition, part) for part in (lines[:half], lines[half:])]
        return [line for sent in await asyncio.gather(*parts) for line in sent]

    patch.setattr(Publisher, "_send", broken)


def _no_seen_check(patch: pytest.MonkeyPatch) -> None:
    sound = inbox.receive

    def broken(unit: UnitOfWork, envelope: Envelope, entry: WaitingEntry, reader: Reader) -> None:
        if entry.sequence <= unit.document.seen.get(envelope.service, 0):
            reader.take(unit, entry)
        else:
            sound(unit, envelope, entry, reader)

    patch.setattr(inbox, "receive", broken)


def _save_without_version(patch: pytest.MonkeyPatch) -> None:
    def broken(self: MemoryStore, copies: Sequence[tuple[str, int, bytes]]) -> frozenset[str]:
        for key, _, raw in copies:
            self._put(key, raw)
        return frozenset()

    patch.setattr(MemoryStore, "_land", broken)


def _drains(patch: pytest.MonkeyPatch, skip: Callable[[Document, str], int | None]) -> None:
    """Drain a source, move `seen` to where `skip` says that nothing stands in the way, and drain again."""
    sound = inbox.drain

    def broken(unit: UnitOfWork, service: str, reader: Reader, again: int | None = None, **arrived: Any) -> None:
        sound(unit, service, reader, again, **arrived)
        while (seen := skip(unit.document, service)) is not None:
            unit.document.seen[service] = seen
            sound(unit, service, reader, again)

    for module in (inbox, parked):
        patch.setattr(module, "drain", broken)


def _successors_of_a_waiting_entry_applied(patch: pytest.MonkeyPatch) -> None:
    def skip(document: Document, service: str) -> int | None:
        head = document.seen.get(service, 0) + 1
        return head if head in document.waiting.get(service, {}) else None

    _drains(patch, skip)


def _hole_ignored(patch: pytest.MonkeyPatch) -> None:
    def skip(document: Document, service: str) -> int | None:
        lowest = min(document.waiting.get(service, ()), default=0)
        return lowest - 1 if lowest > document.seen.get(service, 0) + 1 else None

    _drains(patch, skip)


def _replay_takes_a_new_sequence(patch: pytest.MonkeyPatch) -> None:
    def broken(self: ReplayEntry, unit: UnitOfWork) -> None:
        document = unit.document
        queue = document.waiting.get(self.service, {})
        entry = queue.get(self.sequence)
        if entry and entry.is_stuck:
            del queue[self.sequence]
            document.seen[self.service] = self.sequence
            newest = max(queue, default=self.sequence) + 1
            queue[newest] = replace(entry, sequence=newest, reason=None)
            unit.changed = True
            inbox.drain(unit, self.service, self.reader)

    patch.setattr(ReplayEntry, "apply", broken)


def _answers_not_remembered(patch: pytest.MonkeyPatch) -> None:
    apply = CommandEnvelope.apply

    def broken(self: CommandEnvelope, unit: UnitOfWork) -> Any:
        unit.document.answered.clear()
        return apply(self, unit)

    patch.setattr(CommandEnvelope, "apply", broken)


def _saved_time_is_finer_than_stored(patch: pytest.MonkeyPatch) -> None:
    def broken(self: Engine, document: Document) -> UnitOfWork:
        return UnitOfWork(self.decider, document, self.clock.now(), self.service, self.effects.traits)

    patch.setattr(Engine, "unit", broken)


def _mended_copy_dropped_while_waiting(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Reader, "can_read", lambda _reader, _entry: True)


STORIES: Mapping[str, Plant] = {
    "offset committed before save": _offset_committed_before_save,
    "offset committed before what was put off": _offset_committed_before_what_was_put_off,
    "what was put off forgotten when its save is lost": _what_was_put_off_forgotten_when_its_save_is_lost,
    "outbox cleared before acknowledgement": _outbox_cleared_before_acknowledgement,
    "only the newest entry published": _only_the_newest_entry_published,
    "two batches of one outbox in flight": _two_batches_in_flight,
    "no seen check": _no_seen_check,
    "save without version": _save_without_version,
    "successors of a waiting entry applied": _successors_of_a_waiting_entry_applied,
    "a hole ignored": _hole_ignored,
    "replay that takes a new sequence": _replay_takes_a_new_sequence,
    "answers not remembered": _answers_not_remembered,
    "time finer than what is stored": _saved_time_is_finer_than_stored,
    "a mended copy dropped while it waits": _mended_copy_dropped_while_waiting,
}
