"""Another team's program: it knows Kafka, CloudEvents and an order's id, and nothing else of Throughline.

Prints the events of one subject as JSON, a line each, as far as the topics reach at this moment.
"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer
from cloudevents.core.bindings import kafka

TOPICS = [f"referral.public.{name}.v1" for name in ("intake", "authorization", "scheduling", "notifications")]


async def follow(bootstrap: str, subject: str) -> None:
    """Read every public topic from its beginning to its present end."""
    async with AIOKafkaConsumer(*TOPICS, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        # One by one: not every broker answers truly when it is asked about several.
        ends = {partition: (await consumer.end_offsets([partition]))[partition] for partition in consumer.assignment()}
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.key == subject.encode():
                        tell(kafka.KafkaMessage(dict(record.headers), record.key, record.value))


def tell(message: kafka.KafkaMessage) -> None:
    """Print an event, as the CloudEvents SDK has it."""
    event = kafka.from_binary_event(message)
    attributes = {name: str(value) for name, value in event.get_attributes().items()}
    print(json.dumps({**attributes, "data": event.get_data()}))  # noqa: T201 - its output


if __name__ == "__main__":
    asyncio.run(follow(sys.argv[1], sys.argv[2]))
