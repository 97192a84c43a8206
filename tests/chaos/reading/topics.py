"""Reads every topic from its beginning to its present end."""

from aiokafka import AIOKafkaConsumer

from shared.contracts.envelope import SERVICES, Headers, dead_letter_topic, from_headers, topic_of
from tests.chaos.evidence import DeadLetter, Published
from tests.chaos.reading.digests import content_of, copy_of

TOPICS = tuple(topic_of(service) for service in SERVICES)
DEAD_LETTERS = tuple(dead_letter_topic(topic) for topic in TOPICS)


async def records(bootstrap: str) -> tuple[tuple[Published, ...], tuple[DeadLetter, ...]]:
    """All facts, each partition in its order, and the dead letters."""
    topics = (*TOPICS, *DEAD_LETTERS)
    async with AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[Published] = []
        dead_letters: list[DeadLetter] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, batch in (await consumer.getmany(timeout_ms=1000)).items():
                if partition.topic in TOPICS:
                    found.extend(published(of.headers, of.key, of.value, partition.topic) for of in batch)
                else:
                    dead_letters.extend(_dead_letter(of.headers, of.key) for of in batch)
        return tuple(found), tuple(dead_letters)


def _dead_letter(headers: Headers, key: bytes | None) -> DeadLetter:
    told = dict(headers)
    return DeadLetter((key or b"").decode(errors="replace"), told.get("dlq-reason", b"").decode(errors="replace"))


def published(headers: Headers, key: bytes | None, value: bytes | None, topic: str) -> Published:
    """One record of a fact."""
    envelope = from_headers(headers, key, topic)
    return Published(
        envelope.service,
        envelope.subject,
        envelope.sequence,
        copy=copy_of(headers, value),
        content=content_of(envelope, value),
    )
