"""What an operator may do with what is parked: try again, or give up by name.

Each act names what it is about, and does nothing if that no longer holds.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from shared.contracts.envelope import from_headers
from shared.engine import Engine
from shared.engine.document import Document, WaitingEntry
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import NotFound, Rejected, Unreadable
from shared.messaging.inbox import Reader, drain
from shared.messaging.keyed import ReplayKept, Unaddressed, deliver
from shared.ports import Received, Subscription

PAGE = 200


@dataclass(frozen=True)
class ReplayEntry:
    """Try a stuck entry again, and with it all that waits behind it."""

    key: str
    service: str
    sequence: int
    reader: Reader

    def apply(self, unit: UnitOfWork) -> None:
        """Drain the source, trying the entry although it is stuck."""
        drain(unit, self.service, self.reader, again=self.sequence)


@dataclass(frozen=True)
class DiscardEntry:
    """Give up a stuck entry: it is dropped, and what waits behind it flows."""

    key: str
    service: str
    sequence: int
    reader: Reader

    def apply(self, unit: UnitOfWork) -> None:
        """Drop it if it is still stuck."""
        entry = unit.document.waiting.get(self.service, {}).get(self.sequence)
        if entry and entry.is_stuck:
            entry.is_given_up = True
            unit.changed = True
            drain(unit, self.service, self.reader)


@dataclass(frozen=True)
class SkipGap:
    """Give up sequences `first` to `last`, which never came. Only after `gap_is_proven`."""

    key: str
    service: str
    first: int
    last: int
    reader: Reader

    def apply(self, unit: UnitOfWork) -> None:
        """Move on if exactly these are missing between what was seen and the lowest that waits."""
        document = unit.document
        queue = document.waiting.get(self.service)
        if queue and (document.seen.get(self.service, 0) + 1, min(queue) - 1) == (self.first, self.last):
            document.seen[self.service] = self.last
            unit.changed = True
            drain(unit, self.service, self.reader)


@dataclass(frozen=True)
class CloseUnsequenced:
    """Close an unsequenced record. A tombstone stays, so that a redelivery does not open it again."""

    key: str
    origin: str

    def apply(self, unit: UnitOfWork) -> None:
        """Close it if it is open."""
        if unit.document.unsequenced.get(self.origin) is not None:
            unit.document.close_unsequenced(self.origin)
            unit.changed = True
            unit.note_parking("resolved")


async def replay_unsequenced(engine: Engine, reader: Reader, key: str, origin: str) -> None:
    """Read an unsequenced record again; if it can be read now, apply it to the document that it names, then close it.

    One that is kept in the aggregate that it is for is tried there (`shared.messaging.keyed`).
    Raises Unreadable when it still cannot be read. Repeated or late, it finds nothing left to do.
    """
    document = await engine.read(key)
    entry = document.unsequenced.get(origin) if document else None
    if entry is None:
        return
    if entry.sequence:
        await engine.do(ReplayKept(key, origin, reader))
        return
    from_headers(entry.headers, entry.key, entry.topic)
    item = deliver(reader, record_of(entry))
    if isinstance(item, Unaddressed):
        raise Unreadable("", item.reason)
    if item is not None:
        await engine.do(item)
    await engine.do(CloseUnsequenced(key, origin))


async def skip_gap(engine: Engine, reader: Reader, subscription: Subscription, key: str, service: str) -> None:
    """Give up what is missing below the lowest waiting entry of a source.

    Raises Rejected while the missing fact may still be on its way: until the committed offset has passed the entry
    above the gap, and while any unsequenced record of its partition is open (it may be the missing fact).
    """
    document = await engine.read(key)
    queue = document.waiting.get(service) if document else None
    if document is None or not queue:
        raise NotFound("no-hole", "Nothing of this source waits behind a gap here.")
    first, last = document.seen.get(service, 0) + 1, min(queue) - 1
    record = record_of(queue[last + 1])
    if await subscription.committed(record.topic, record.partition) <= record.offset:
        raise Rejected("hole-unproven", "The missing fact may still be on its way; try again later.")
    if await _has_open_unsequenced(engine, record.topic, record.partition):
        raise Rejected(
            "letter-open", "An unsequenced record of this partition may be the missing fact; resolve it first."
        )
    await engine.do(SkipGap(key, service, first, last, reader))


async def _has_open_unsequenced(engine: Engine, topic: str, partition: int) -> bool:
    async for document in parked_documents(engine):
        for entry in document.unsequenced.values():
            if entry is not None and entry.origin.startswith(f"{topic}:{partition}:"):
                return True
    return False


async def parked_documents(engine: Engine, after: str | None = None, page_size: int = PAGE) -> AsyncIterator[Document]:
    """Every document in which something waits for an operator, by id; those that cannot be used stand in others.

    They come without the values of what waits, which `Engine.read` has.
    """
    while page := await engine.store.parked(after, page_size):
        for document in engine.usable(page):
            yield document
        after = page[-1]["_id"]


def record_of(entry: WaitingEntry) -> Received:
    """The record that an entry was, as it came."""
    topic, partition, offset = entry.origin.rsplit(":", 2)
    return Received(entry.key, tuple(entry.headers), entry.value, topic, int(partition), int(offset))
