"""Sending: one batch at a time per partition, each awaited."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from shared.errors import Refused, Unavailable, Unknown
from shared.kafka.connection import UNREACHED, bounded, connection
from shared.kafka.names import topic_there
from shared.kafka.refusals import REFUSED, Refusals
from shared.ports import Record
from shared.settings import KafkaSettings

BATCH_BYTES = 900_000
REQUEST_BYTES = 4_000_000
SEND_TIMEOUT_S = 15.0


class KafkaBus:
    """Sends batches, each awaited (ports.Bus). After any failure the producer is abandoned and a new one is built."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._building = asyncio.Lock()
        self._refusals = Refusals()

    def partition_of(self, key: str) -> int:
        """As Kafka's default partitioner has it, so that any client finds a referral's partition."""
        return _hash(key) % self._settings.partitions

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Send as many records as fit into one batch; return how many were acknowledged."""
        topic = topic_there(self._settings, topic)
        try:
            taken = await self._send(topic, partition, records)
        except REFUSED as error:
            raise self._refusals.say(Refused(topic), topic=topic) from error
        self._refusals.granted(topic)
        return taken

    async def _send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        producer = await self._connected()
        batch = producer.create_batch()
        taken = 0
        for record in records:
            headers = list(record.headers)
            if batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                break
            taken += 1
        batch.close()
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await (await producer.send_batch(batch, topic, partition=partition))
        except REFUSED:
            await self._abandon(producer, flush=True)
            raise
        except UNREACHED as error:
            await self._abandon(producer, flush=isinstance(error, KafkaError))
            raise Unknown("The batch may have landed, or may land later.") from error
        return taken

    async def stop(self) -> None:
        """Send what is queued and stop, within a bound: a frozen broker must not keep us."""
        if self._producer:
            await self._abandon(self._producer, flush=True)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._building:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **connection(self._settings),
                    acks="all",
                    enable_idempotence=self._settings.idempotent_producer,
                    linger_ms=0,
                    max_batch_size=BATCH_BYTES,
                    max_request_size=REQUEST_BYTES,
                    request_timeout_ms=10_000,
                )
                try:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await producer.start()
                except UNREACHED as error:
                    await self._abandon(producer, flush=False)
                    if isinstance(error, REFUSED):
                        raise
                    raise Unavailable from error
                self._producer = producer
            return self._producer

    async def _abandon(self, producer: AIOKafkaProducer, *, flush: bool) -> None:
        """Let go of a producer. `flush`: the broker answers, so what other senders have under way may still go out.

        One that tries on in an outage would send late, and never end: its own stop waits for what it has not sent,
        so it is ended part by part.
        """
        if self._producer is producer:
            self._producer = None
        if flush:
            await bounded(producer.stop())
        producer._closed = True  # noqa: SLF001
        if producer._sender:  # noqa: SLF001
            await bounded(producer._sender.close())  # noqa: SLF001
        await bounded(producer.client.close())


@lru_cache(maxsize=10_000)  # the client's own is pure Python, and each document is asked about many times
def _hash(key: str) -> int:
    return int(murmur2(key.encode()) & 0x7FFFFFFF)
