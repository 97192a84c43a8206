"""What came out: facts on the topics by type and time, and how far each reader has come."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

SILENCE_S = 120.0
"""With nothing new for so long, a run has failed."""
POLL_S = 0.1


@dataclass
class Follower:
    """Reads a topic from now on. `key_of(record)` names what is told by a record that counts; others are skipped."""

    consumer: AIOKafkaConsumer
    key_of: Callable[[Any], str | None]
    told_at: dict[str, float] = field(default_factory=dict)
    """When each key was told first (epoch)."""

    async def until(self, wanted: int, moved: Callable[[int], None]) -> dict[str, float]:
        """Read until so many keys were told. Raises TimeoutError when nothing comes any more."""
        last = time.monotonic()
        while len(self.told_at) < wanted:
            for records in (await self.consumer.getmany(timeout_ms=500, max_records=5000)).values():
                last = time.monotonic()
                self._note(records)
            moved(len(self.told_at))
            if time.monotonic() > last + SILENCE_S:
                raise TimeoutError(f"Only {len(self.told_at)} of {wanted} were told.")
        return self.told_at

    def _note(self, records: Sequence[Any]) -> None:
        for record in records:
            if (key := self.key_of(record)) is not None:
                self.told_at.setdefault(key, record.timestamp / 1000)


@asynccontextmanager
async def following(bootstrap: str, topic: str, key_of: Callable[[Any], str | None]) -> AsyncIterator[Follower]:
    """Yield a follower that stands at the topic's end."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, fetch_max_wait_ms=250)
    await consumer.start()
    try:
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        yield Follower(consumer, key_of)
    finally:
        await consumer.stop()


async def caught_up(bootstrap: str, readers: Mapping[str, Sequence[str]]) -> None:
    """Wait until every reader (by consumer group: its topics) has committed all there is. Raises TimeoutError."""
    admin, consumer = AIOKafkaAdminClient(bootstrap_servers=bootstrap), AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await admin.start()
    await consumer.start()
    try:
        async with asyncio.timeout(SILENCE_S):
            while not await _have_all(admin, consumer, readers):  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(POLL_S)
    finally:
        await consumer.stop()
        await admin.close()


async def _have_all(
    admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, readers: Mapping[str, Sequence[str]]
) -> bool:
    ends = await _ends(admin, consumer, sorted({topic for topics in readers.values() for topic in topics}))
    for group, topics in readers.items():
        committed = await admin.list_consumer_group_offsets(group)
        for partition, end in ends.items():
            has = committed[partition].offset if partition in committed else 0
            if partition.topic in topics and has < end:
                return False
    return True


async def _ends(
    admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, topics: Sequence[str]
) -> dict[TopicPartition, int]:
    described = await admin.describe_topics(list(topics))
    partitions = [
        TopicPartition(found["topic"], part["partition"]) for found in described for part in found["partitions"]
    ]
    return dict(await consumer.end_offsets(partitions))


async def every_record(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[Any]:
    """All records that are on the topics by now."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        left = sum((await consumer.end_offsets(list(consumer.assignment()))).values())
        while left:
            for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                left -= len(records)
                for record in records:
                    yield record
    finally:
        await consumer.stop()
