"""The floor's outbox relay: whole outboxes in order, one batch per partition in flight, each awaited."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import UpdateOne

from bench.story import PARTITIONS

Document = dict[str, Any]
OutboxEntry = tuple[str, list[Any]]
"""A document's id and an entry of its outbox: sequence, fact, body."""


class Relay:
    """Publishes the outboxes of one service. `published` is the highest sequence acknowledged, by document."""

    def __init__(self, service: str, topic: str, documents: AsyncIOMotorCollection[Document]) -> None:
        self.service, self.topic, self.documents = service, topic, documents
        self.published: dict[str, int] = {}
        self._to_clear: dict[str, int] = {}
        self._producer: AIOKafkaProducer | None = None
        self._sending = [asyncio.Lock() for _ in range(PARTITIONS)]

    async def start(self) -> None:
        """Connect, as the product does."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=os.environ["KAFKA_BOOTSTRAP"],
            acks="all",
            enable_idempotence=os.environ["KAFKA_IDEMPOTENT_PRODUCER"] == "true",
            linger_ms=0,
            max_batch_size=900_000,
            max_request_size=4_000_000,
        )
        await self._producer.start()

    async def publish(self, documents: Sequence[Document]) -> None:
        """Publish whole outboxes; return once they are acknowledged."""
        partitions: dict[int, list[OutboxEntry]] = defaultdict(list)
        for document in documents:
            for entry in document["outbox"]:
                partitions[_partition_of(document["_id"])].append((document["_id"], entry))
        await asyncio.gather(*[self._send(partition, entries) for partition, entries in partitions.items()])

    async def _send(self, partition: int, entries: list[OutboxEntry]) -> None:
        async with self._sending[partition]:
            while entries:
                taken = await self._send_some(partition, entries)
                for key, entry in entries[:taken]:
                    self.published[key] = self._to_clear[key] = entry[0]
                entries = entries[taken:]

    async def _send_some(self, partition: int, entries: Sequence[OutboxEntry]) -> int:
        """As much as one batch holds; how many entries that was."""
        assert self._producer is not None
        batch, taken = self._producer.create_batch(), 0
        for key, (sequence, fact, body) in entries:
            headers = [("source", self.service.encode()), ("sequence", b"%d" % sequence), ("fact", fact.encode())]
            if batch.append(key=key.encode(), value=body, timestamp=None, headers=headers) is None:
                break
            taken += 1
        batch.close()
        await (await self._producer.send_batch(batch, self.topic, partition=partition))
        return taken

    async def keep_clear(self) -> None:
        """Empty acknowledged outboxes in the background, until cancelled."""
        while True:
            await asyncio.sleep(1)
            cleared, self._to_clear = self._to_clear, {}
            if writes := [UpdateOne({"_id": k, "sequence": n}, {"$set": {"outbox": []}}) for k, n in cleared.items()]:
                await self.documents.bulk_write(writes, ordered=False)


def _partition_of(key: str) -> int:
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS)
