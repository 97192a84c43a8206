"""Reads every topic from its beginning to its present end."""

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.contracts.envelope import SERVICES, dead_letter_topic, from_headers, topic_of
from tests.chaos.evidence import Published

TOPICS = tuple(topic_of(service) for service in SERVICES)
DEAD_LETTERS = tuple(dead_letter_topic(topic) for topic in TOPICS)


async def records(bootstrap: str) -> tuple[tuple[Published, ...], int]:
    """All facts, each partition in its order, and the number of dead letters."""
    topics = (*TOPICS, *DEAD_LETTERS)
    async with AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[Published] = []
        dead_letters = 0
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, batch in (await consumer.getmany(timeout_ms=1000)).items():
                if partition.topic in TOPICS:
                    found.extend(map(_published, batch))
                else:
                    dead_letters += len(batch)
        return tuple(found), dead_letters


def _published(record: ConsumerRecord) -> Published:
    envelope = from_headers(record.headers, record.key)
    return Published(envelope.service, envelope.subject, envelope.sequence)
