"""The Kafka door: take whatever has arrived, handle it as one batch, again; commit now and then (ADR 13).

A change that somebody waits for is saved and published with its batch. Others may be deferred until the commit.
A dependency that is down parks nothing: the batch is read again from the committed offsets after a pause.
Who meets a document of a newer program leaves the group for a while, so that newer replicas take its partitions.
"""

import contextlib
from collections.abc import Callable, Sequence

import structlog

from shared.backoff import pause_s
from shared.engine import Engine
from shared.engine.batch import Failure
from shared.errors import Busy, Newer, Refused, Unavailable, Unknown, Unusable
from shared.messaging.held import hold
from shared.messaging.inbox import Reader
from shared.messaging.keyed import deliver
from shared.messaging.other_content import Compare, park_others
from shared.messaging.outbox import Publisher
from shared.ports import Clock, Received, Subscription

BATCH = 200
COMMIT_S = 1.0
"""Offsets are committed this often: what a crash leaves uncommitted is read again, and dropped by its sequence. For
each batch it would cost as much as the batch does at low load."""
PAUSE_S = 0.05
"""No record for so long is a pause: time for deferred saves."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0
ASIDE_S, LONGEST_ASIDE_S = 30.0, 600.0
"""For so long, and twice as long each time, a replica that met a newer document leaves the group to others. It comes
back: after a roll-back there is nobody newer, and what stands before that document is still to be taken."""


class Consumer:
    """Reads the topics of one service for one engine. `failures` are in a row, `taken` are records in all.

    `is_outdated` while it has left the group to newer replicas, `is_refused` while the broker does not let it read.
    `chance` is a number from 0 to 1, new each time. `compare` tells a repetition from what only has its number.
    """

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        subscription: Subscription,
        publisher: Publisher,
        clock: Clock,
        chance: Callable[[], float] = lambda: 0.5,
        compare: Compare | None = None,
    ) -> None:
        self._engine, self._reader, self._subscription = engine, reader, subscription
        self._publisher, self._clock, self._chance, self._compare = publisher, clock, chance, compare
        self.failures = 0
        self.is_outdated = False
        self.is_refused = False
        self._times_aside = 0
        self.taken = 0
        self._done: dict[tuple[str, int], int] = {}
        self._commit_at_s = 0.0

    async def run(self) -> None:
        """Consume, without end. One batch is in flight; an offset is committed after its record is saved."""
        while True:
            try:
                if self.failures:
                    await self._subscription.rewind()
                records = await self._subscription.fetch(BATCH, self._wait_s())
                if records:
                    await self._take(records)
                else:
                    await self._engine.flush()
                if self._clock.monotonic() >= self._commit_at_s:
                    await self._commit()
                self.failures, self.is_refused = 0, False
            except Newer as problem:
                await self._step_aside(problem)
            except Unusable:
                self._engine.drop_deferred()
                await self._back_off()
            except (Unavailable, Unknown, Busy) as problem:
                self.is_refused = isinstance(problem, Refused)
                await self._back_off()

    async def stop(self) -> None:
        """After `run` has ended: commit what is done, if store and broker take it."""
        with contextlib.suppress(Unavailable, Unknown, Busy):
            await self._commit()

    def _wait_s(self) -> float | None:
        """For how long there is nothing to do but to read."""
        if self._engine.has_deferred:
            return PAUSE_S
        return max(self._commit_at_s - self._clock.monotonic(), PAUSE_S) if self._done else None

    async def _take(self, records: list[Received]) -> None:
        ours = [(record, item) for record in records if (item := deliver(self._reader, record)) is not None]
        outcomes = await self._engine.handle([item for _, item in ours], may_defer=True)
        failed = [(record, it) for (record, _), it in zip(ours, outcomes, strict=True) if isinstance(it, Failure)]
        if failed:
            await self._put_aside(failed, [record for record, _ in ours], outcomes)
        repeated = [record for (record, _), outcome in zip(ours, outcomes, strict=True) if outcome is False]
        if repeated and self._compare:
            await park_others(self._engine, self._reader, self._compare, repeated)
        if self._publisher.is_behind:
            await self._publisher.caught_up()
        self._engine.count("received", len(records))
        self._engine.count("duplicates", outcomes.count(False))
        self.taken += len(records)
        self._done.update(next_offsets(records))

    async def _put_aside(
        self, failed: Sequence[tuple[Received, Failure]], records: Sequence[Received], outcomes: Sequence[object]
    ) -> None:
        """What its document cannot take is kept beside it; where it must not be, what came before it is done."""
        try:
            await hold(self._engine, failed)
        except (Newer, Busy):
            self._done.update(next_offsets(_front(records, outcomes)))
            raise

    async def _commit(self) -> None:
        """Save what was deferred, then commit: `_done` is the contiguous front of each partition."""
        await self._engine.flush()
        done, self._done = self._done, {}
        self._commit_at_s = self._clock.monotonic() + COMMIT_S
        if done:
            await self._subscription.commit(done)

    async def _step_aside(self, problem: Newer) -> None:
        """Commit what stands before the newer document, and leave the group for a while: nothing is guessed."""
        with contextlib.suppress(Unavailable, Unknown, Busy):
            await self._commit()
        self._done.clear()
        self._engine.drop_deferred()
        self.is_outdated = True
        self._engine.count("outdated", 1)
        aside_s = pause_s(self._times_aside, ASIDE_S, LONGEST_ASIDE_S, self._chance())
        structlog.get_logger().error(
            "a newer program wrote a document, so this replica leaves its group",
            referral_id=problem.key,
            delay_s=round(aside_s),
        )
        await self._subscription.stop()
        await self._clock.sleep(aside_s)
        self._times_aside += 1
        self.is_outdated = False

    async def _back_off(self) -> None:
        self._done.clear()
        self.failures += 1
        self._engine.count("unavailable", 1)
        await self._clock.sleep(pause_s(self.failures, FIRST_PAUSE_S, LONGEST_PAUSE_S, self._chance()))


def _front(records: Sequence[Received], outcomes: Sequence[object]) -> list[Received]:
    """Those records of each partition that came before the first that was not taken."""
    front, stuck = [], set[tuple[str, int]]()
    for record, outcome in zip(records, outcomes, strict=True):
        if isinstance(outcome, Failure):
            stuck.add((record.topic, record.partition))
        if (record.topic, record.partition) not in stuck:
            front.append(record)
    return front


def next_offsets(records: list[Received]) -> dict[tuple[str, int], int]:
    """The offset to read next in each partition, after all of these."""
    offsets: dict[tuple[str, int], int] = {}
    for record in records:
        partition = record.topic, record.partition
        offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
    return offsets
