"""The Kafka door: take whatever has arrived, handle it as one batch, again; commit now and then (ADR 13).

What somebody waits for is saved and told with its batch. What only moves the state may be put off until the commit.
A dependency that is down parks nothing: the batch is read again from the committed offsets after a pause.
"""

import contextlib

from shared.aggregates import Engine
from shared.errors import Busy, Unavailable, Unknown
from shared.messaging.publisher import Publisher
from shared.messaging.receive import Delivery, Reader
from shared.ports import Clock, Received, Subscription

BATCH = 200
COMMIT_S = 1.0
"""Offsets are committed this often: what a crash leaves uncommitted is read again, and dropped by its sequence. For
each batch it would cost as much as the batch does at low load."""
PAUSE_S = 0.05
"""Nothing for so long is a pause, in which there is time to save what was put off."""
LONGEST_PAUSE_S = 10.0


class Consumer:
    """Reads the topics of one service for one engine. `failures` are in a row, `taken` are records in all."""

    def __init__(
        self, engine: Engine, reader: Reader, subscription: Subscription, publisher: Publisher, clock: Clock
    ) -> None:
        self._engine, self._reader, self._subscription = engine, reader, subscription
        self._publisher, self._clock = publisher, clock
        self.failures = 0
        self.taken = 0
        self._done: dict[tuple[str, int], int] = {}
        self._commit_at_s = 0.0

    async def run(self) -> None:
        """Consume for ever. One batch is in flight; an offset is committed after what it stands for is saved."""
        while True:
            try:
                if self.failures:
                    await self._subscription.rewind()
                records = await self._subscription.fetch(BATCH, self._wait_s())
                if records:
                    await self._take(records)
                else:
                    await self._engine.settle()
                if self._clock.monotonic() >= self._commit_at_s:
                    await self._commit()
                self.failures = 0
            except (Unavailable, Unknown, Busy):
                await self._back_off()

    async def stop(self) -> None:
        """After `run` has ended: commit what is done, if store and broker take it."""
        with contextlib.suppress(Unavailable, Unknown, Busy):
            await self._commit()

    def _wait_s(self) -> float | None:
        """For how long there is nothing to do but to read."""
        if self._engine.has_put_off:
            return PAUSE_S
        return max(self._commit_at_s - self._clock.monotonic(), PAUSE_S) if self._done else None

    async def _take(self, records: list[Received]) -> None:
        are_new = await self._engine.handle([Delivery(self._reader, record) for record in records], may_wait=True)
        if self._publisher.is_behind:
            await self._publisher.caught_up()
        self._engine.count("received", len(records))
        self._engine.count("duplicates", are_new.count(False))
        self.taken += len(records)
        self._done.update(next_offsets(records))

    async def _commit(self) -> None:
        """Save what was put off, then commit: `_done` is the contiguous front of each partition."""
        await self._engine.settle()
        done, self._done = self._done, {}
        self._commit_at_s = self._clock.monotonic() + COMMIT_S
        if done:
            await self._subscription.commit(done)

    async def _back_off(self) -> None:
        self._done.clear()
        self.failures += 1
        self._engine.count("unavailable", 1)
        await self._clock.sleep(min(0.1 * 2**self.failures, LONGEST_PAUSE_S))


def next_offsets(records: list[Received]) -> dict[tuple[str, int], int]:
    """The offset to read next in each partition, after all of these."""
    offsets: dict[tuple[str, int], int] = {}
    for record in records:
        partition = record.topic, record.partition
        offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
    return offsets
