"""Reading: batches for one consumer group, and letting go of partitions in good order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, ConsumerStoppedError, IllegalStateError, KafkaError

from shared.errors import Refused, Unavailable
from shared.kafka.connection import UNREACHED, bounded, connection
from shared.kafka.names import group_there, topic_here, topic_there
from shared.kafka.refusals import REFUSED, Refusals, refusal_of
from shared.kafka.topics import check_topics
from shared.ports import Received
from shared.settings import KafkaSettings

WAIT_S = 1.0
LONGER_S = 0.5
"""The client keeps to a wait by itself, except while the group is dealing out partitions."""
GATHERED_BYTES = 256 * 1024
PARTITION_BYTES = 64 * 1024
"""What the client holds of each partition while its records wait to be taken, unless a single batch is larger."""
DRAIN_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 15.0


class KafkaSubscription:
    """Reads topics for one consumer group (ports.Subscription). One batch at a time is out with the caller.

    A client that fails for good is abandoned, and the next fetch joins the group again: one that was given no broker
    at all, as by a broker that is starting, stops coordinating and never begins again.
    """

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[str]) -> None:
        self._settings, self._topics = settings, list(topics)
        self._group_there = group_there(settings, group)
        self._topics_there = [topic_there(settings, topic) for topic in topics]
        self._consumer: AIOKafkaConsumer | None = None
        self._refusals = Refusals()
        self._idle = asyncio.Event()
        self._idle.set()
        self._next: dict[tuple[str, int], int] = {}
        """By partition that was fetched from since the group last moved on: the offset after what was fetched."""

    async def start(self) -> None:
        """Join the group. Raises Unavailable (also Refused), or WrongTopic where a topic is not as configured."""
        try:
            await check_topics(self._settings, self._topics)
        except Refused as refusal:
            raise self._told(refusal) from None
        consumer = AIOKafkaConsumer(
            **connection(self._settings),
            group_id=self._group_there,
            group_instance_id=self._settings.group_instance_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=self._settings.session_timeout_ms,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=60_000,
            fetch_min_bytes=GATHERED_BYTES if self._settings.gather_ms else 1,
            fetch_max_wait_ms=self._settings.gather_ms or self._settings.fetch_max_wait_ms,
            max_partition_fetch_bytes=PARTITION_BYTES,
        )
        try:
            await consumer.start()
        except UNREACHED as error:
            await _stopped(consumer)
            raise Unavailable from error
        consumer.subscribe(self._topics_there, listener=_Listener(self))
        self._consumer = consumer

    async def stop(self) -> None:
        """Leave the group, within a bound. The next fetch joins it again."""
        consumer, self._consumer = self._consumer, None
        self._next.clear()
        self._idle.set()
        if consumer:
            await _stopped(consumer)

    async def fetch(self, limit: int, wait_s: float | None = None) -> list[Received]:
        """Whatever has arrived; while the caller has it, no partition is given away.

        Nothing, too, while partitions are being given away: that waits for the caller's commit, so this must not.
        """
        if self._consumer is None:
            await self.start()
        wait_s, batches = wait_s or WAIT_S, {}
        async with self._client(within_s=None) as consumer:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s + LONGER_S):
                    batches = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=limit)
                    if not batches:  # only the next call raises what ended the client's coordination
                        batches = await consumer.getmany(timeout_ms=0, max_records=limit)
            if consumer.assignment():
                self._refusals.granted(self._group_there, *self._topics_there)
        records = [self._received(record) for partition in sorted(batches) for record in batches[partition]]
        if records:
            self._next.update({(r.topic, r.partition): r.offset + 1 for r in records})
            self._idle.clear()
        return records

    async def commit(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Commit what was fetched since the group last moved on.

        What was fetched before may have had other owners since, who have read on: their offsets must not go back.
        """
        try:
            async with self._client() as consumer:
                assigned = consumer.assignment()
                known = {self._there(*where): offset for where, offset in offsets.items() if where in self._next}
                if mine := {where: offset for where, offset in known.items() if where in assigned}:
                    with contextlib.suppress(CommitFailedError, IllegalStateError):
                        await consumer.commit(mine)
        finally:
            self._idle.set()

    async def rewind(self) -> None:
        """Read again from the committed offsets, or from the beginning where nothing was committed.

        The client's own `seek_to_committed` leaves partitions without a commit where they are: past what failed.
        """
        self._idle.set()
        if self._consumer is None:
            return
        async with self._client() as consumer:
            for partition in consumer.assignment():
                consumer.seek(partition, await consumer.committed(partition) or 0)

    async def committed(self, topic: str, partition: int) -> int:
        """The group's committed offset."""
        async with self._client() as consumer:
            return await consumer.committed(self._there(topic, partition)) or 0

    def assigned(self) -> Sequence[int]:
        """The partition numbers owned in every topic: the same in each, by the range assignor."""
        if self._consumer is None:
            return ()
        return sorted({partition.partition for partition in self._consumer.assignment()})

    def lag(self) -> dict[tuple[str, int], int]:
        """Records not yet fetched, per assigned partition, as of the last fetch."""
        if self._consumer is None:
            return {}
        lags = {}
        for partition in self._consumer.assignment():
            where = topic_here(self._settings, partition.topic), partition.partition
            highwater = self._consumer.highwater(partition)
            if highwater is not None and where in self._next:
                lags[where] = max(highwater - self._next[where], 0)
        return lags

    async def let_go(self) -> None:
        """Before partitions are given away: let the batch that is out finish, within a bound."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                await self._idle.wait()
        self._next.clear()  # of what comes back later, others may have read on

    @contextlib.asynccontextmanager
    async def _client(self, within_s: float | None = ANSWER_TIMEOUT_S) -> AsyncIterator[AIOKafkaConsumer]:
        """The client. What it cannot do now is Unavailable; one that never will again is abandoned.

        On its own it would try a commit without end; it comes back from reading by itself.
        """
        if self._consumer is None:
            raise Unavailable
        consumer = self._consumer
        try:
            async with asyncio.timeout(within_s):
                yield consumer
        except (IllegalStateError, ConsumerStoppedError, TimeoutError) as error:
            raise Unavailable from error
        except REFUSED as error:
            await self._abandon(consumer)
            raise self._told(refusal_of(error)) from error
        except UNREACHED as error:
            if not (isinstance(error, KafkaError) and error.retriable):
                await self._abandon(consumer)
            raise Unavailable from error

    def _told(self, refusal: Refused) -> Refused:
        about = {} if refusal.what == self._group_there else {"topic": refusal.what}
        return self._refusals.say(refusal, group=self._group_there, **about)

    def _there(self, topic: str, partition: int) -> TopicPartition:
        return TopicPartition(topic_there(self._settings, topic), partition)

    def _received(self, record: Any) -> Received:
        topic = topic_here(self._settings, record.topic)
        return Received(record.key, tuple(record.headers), record.value, topic, record.partition, record.offset)

    async def _abandon(self, consumer: AIOKafkaConsumer) -> None:
        """Let go of a client and of all that it was assigned: nothing fetched by it may be committed any more."""
        if self._consumer is consumer:
            self._consumer = None
            self._next.clear()
        with contextlib.suppress(*UNREACHED, ConsumerStoppedError):
            await consumer.getmany(timeout_ms=0)  # raises what ended its coordination, which would else be logged
        await _stopped(consumer)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells a subscription that its partitions are about to go."""

    def __init__(self, subscription: KafkaSubscription) -> None:
        self._subscription = subscription

    async def on_partitions_revoked(self, revoked: object) -> None:  # noqa: ARG002 - the client's signature
        await self._subscription.let_go()

    async def on_partitions_assigned(self, assigned: object) -> None:
        """Nothing to do: reading goes on from the committed offsets."""


async def _stopped(consumer: AIOKafkaConsumer) -> None:
    """Stop it. A stop that was cut short leaves tasks and connections, for which there is no other door."""
    await bounded(consumer.stop())
    if consumer._fetcher:  # noqa: SLF001
        await bounded(consumer._fetcher.close())  # noqa: SLF001
    await bounded(consumer._client.close())  # noqa: SLF001
