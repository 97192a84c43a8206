"""Publishing: always a document's whole outbox, in order, one batch per partition in flight (ADR 1).

What is not acknowledged stays in the document; the sweep finds it there. Duplicates are allowed; gaps and
inversions of first appearances are not.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.envelope import Envelope, source_of, to_headers
from shared.contracts.language import tenant_of
from shared.engine.document import Document, OutboxEntry
from shared.engine.engine import Engine
from shared.errors import Refused, Unavailable, Unknown
from shared.ports import Bus, Clock, Record

QUEUED_AT_MOST = 20_000
BEHIND_AT = 1_000
UNCONFIRMED = timedelta(seconds=5)
SWEEP_S = 2.0
SWEEP_PAGE = 500
CLEAR_S = 3.0


@dataclass(frozen=True, slots=True)
class _Outbox:
    """The outbox of a document as it was saved: the document itself may be under change again."""

    document_id: str
    version: int
    entries: tuple[OutboxEntry, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """One entry of one document on its way."""

    document_id: str
    n: int
    record: Record


class Publisher:
    """Publishes the outboxes of one engine's documents. `publish` returns at once; `run` does the work."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock
        self._queued: dict[str, _Outbox] = {}
        self._published: dict[str, int] = {}
        self._something = asyncio.Event()
        self._watchers: list[asyncio.Future[None]] = []
        self._refused: set[str] = set()
        self._is_sending = False
        self._has_ended = False

    def publish(self, document: Document) -> None:
        """Queue the outbox of a document as it was saved; a later version replaces an earlier one."""
        queued = self._queued.get(document.id)
        if queued and queued.version > document.version:
            return
        if len(self._queued) < QUEUED_AT_MOST or document.id in self._queued:
            self._queued[document.id] = _Outbox(document.id, document.version, tuple(document.outbox))
            self._something.set()

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that whoever makes more had better wait, too."""
        return len(self._queued) >= BEHIND_AT

    @property
    def is_refused(self) -> bool:
        """Whether the broker lets us not write to a topic of ours."""
        return bool(self._refused)

    async def caught_up(self) -> None:
        """Wait until all that is queued or in flight now was acknowledged or has failed, or nobody publishes it."""
        if (self._queued or self._is_sending) and not self._has_ended:
            watcher: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watchers.append(watcher)
            self._something.set()
            await watcher

    async def run(self, engine: Engine) -> None:
        """Publish the queue, without end. One round is in flight at a time, so no partition has two batches."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                await self._publish_queued(engine)
        finally:
            self._has_ended = True
            _wake(self._watchers)

    async def _publish_queued(self, engine: Engine) -> None:
        outboxes, self._queued = self._queued, {}
        watchers, self._watchers = self._watchers, []
        self._is_sending = True
        try:
            await self._round(outboxes, engine)
        finally:
            self._is_sending = False
            _wake(watchers)

    async def _round(self, outboxes: dict[str, _Outbox], engine: Engine) -> None:
        partitions: dict[tuple[str, int], list[_Line]] = defaultdict(list)
        for outbox in outboxes.values():
            for topic, line in _lines(outbox, engine):
                partitions[topic, self._bus.partition_of(outbox.document_id)].append(line)
        sends = [self._send(topic, partition, lines) for (topic, partition), lines in partitions.items()]
        confirmed = {line for lines in await asyncio.gather(*sends) for line in lines}
        engine.count("published", len(confirmed))
        done = {(line.document_id, line.n) for line in confirmed}
        for outbox in outboxes.values():
            self._confirm(outbox, done, engine)

    async def _send(self, topic: str, partition: int, lines: list[_Line]) -> list[_Line]:
        """Send lines batch by batch; return those acknowledged. After an unknown outcome nothing more is sent."""
        sent = 0
        while sent < len(lines):
            try:
                sent += await self._bus.send(topic, partition, [line.record for line in lines[sent:]])
            except (Unknown, Unavailable) as problem:
                if isinstance(problem, Refused):
                    self._refused.add(topic)
                break
            self._refused.discard(topic)
        return lines[:sent]

    def _confirm(self, outbox: _Outbox, done: set[tuple[str, int]], engine: Engine) -> None:
        entries = engine.working_set.recent.unacknowledged(outbox.document_id, outbox.entries)
        unconfirmed = [entry.n for entry in entries if (outbox.document_id, entry.n) not in done]
        last = min(unconfirmed) - 1 if unconfirmed else outbox.entries[-1].n
        engine.working_set.recent.acknowledge(outbox.document_id, last)
        if not unconfirmed:
            self._published[outbox.document_id] = outbox.version

    async def keep_clear(self, engine: Engine) -> None:
        """Empty confirmed outboxes in the background; one that is missed costs a duplicate, never a loss."""
        while True:
            await self._clock.sleep(CLEAR_S)
            published, self._published = self._published, {}
            if published:
                await _attempt(engine.store.clear(published), engine)

    async def sweep(self, engine: Engine) -> None:
        """Queue the outboxes that stayed unconfirmed, whoever saved them, without end."""
        while True:
            await self._clock.sleep(SWEEP_S)
            await _attempt(self._sweep_once(engine), engine)

    async def _sweep_once(self, engine: Engine) -> None:
        page = SWEEP_PAGE + len(engine.working_set.unusable)  # what cannot be used stays, and must not hide the others
        found = await engine.store.unpublished(self._clock.now() - UNCONFIRMED, page)
        for document in engine.usable(found):
            if document.outbox:
                self.publish(document)
            else:
                self._published[document.id] = document.version


def _wake(watchers: list[asyncio.Future[None]]) -> None:
    for watcher in watchers:
        if not watcher.done():
            watcher.set_result(None)


def _record(document_id: str, entry: OutboxEntry) -> Record:
    if entry.headers is not None:
        return Record(document_id.encode(), tuple(entry.headers), entry.body)
    service = entry.topic.split(".")[2]
    envelope = Envelope(
        source=source_of(tenant_of(document_id), service),
        subject=document_id,
        sequence=entry.sequence,
        type=entry.type,
        time=entry.time,
        causationid=entry.causationid,
        traceparent=entry.traceparent,
    )
    return Record(document_id.encode(), to_headers(envelope), entry.body)


def _lines(outbox: _Outbox, engine: Engine) -> list[tuple[str, _Line]]:
    """What of an outbox is to be sent, by topic: nothing where it cannot be, which is its document's own affair."""
    try:
        entries = engine.working_set.recent.unacknowledged(outbox.document_id, outbox.entries)
        return [(it.topic, _Line(outbox.document_id, it.n, _record(outbox.document_id, it))) for it in entries]
    except (ValueError, IndexError):
        engine.count("unpublishable", 1)
        return []


async def _attempt(work: Awaitable[None], engine: Engine) -> None:
    try:
        await work
    except (Unavailable, Unknown):
        engine.count("unavailable", 1)
