"""Topics as they should be: created once, never with another number of partitions."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, TopicAuthorizationFailedError, for_code

from shared.errors import Unavailable
from shared.kafka.connection import UNREACHED, connection
from shared.kafka.refusals import REFUSED, refusal_of
from shared.settings import KafkaSettings

DEAD_LETTER_BYTES = 3_000_000


class WrongPartitions(Exception):
    """A topic has another number of partitions than configured: keys would move. Drain, then grow."""


@dataclass(frozen=True)
class Topic:
    """A topic as it should be."""

    name: str
    max_message_bytes: int


async def apply_topics(settings: KafkaSettings, topics: Sequence[Topic], replication: int) -> list[str]:
    """Create the topics that are missing, with unlimited retention; return their names. Safe to repeat.

    Raises Unavailable, and Refused where the broker does not allow it.
    """
    async with _admin(settings) as admin:
        there = set(await admin.list_topics())
        wanted = [_new_topic(topic, settings.partitions, replication) for topic in topics if topic.name not in there]
        return _created(await admin.create_topics(wanted)) if wanted else []


def _new_topic(topic: Topic, partitions: int, replication: int) -> NewTopic:
    configs = {
        "retention.ms": "-1",
        "max.message.bytes": str(topic.max_message_bytes),
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    return NewTopic(topic.name, partitions, replication, topic_configs=configs)


def _created(response: Any) -> list[str]:
    """The names that were created now. One that is there already may be missing from the list for a moment."""
    names = []
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
        names += [] if code else [name]
    return names


async def check_partitions(settings: KafkaSettings, topics: Sequence[str]) -> None:
    """Refuse topics whose partition count is not the configured one. Raises Unavailable while one is missing.

    Raises Refused where we may not look at one.
    """
    async with _admin(settings) as admin:
        for found in await admin.describe_topics(list(topics)):
            if for_code(found["error_code"]) is TopicAuthorizationFailedError:
                raise TopicAuthorizationFailedError(found["topic"])
            if found["error_code"]:
                raise Unavailable
            if len(found["partitions"]) != settings.partitions:
                count = len(found["partitions"])
                raise WrongPartitions(f"{found['topic']} has {count} partitions, configured are {settings.partitions}.")


@contextlib.asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        yield admin
    except REFUSED as error:
        raise refusal_of(error) from error
    except UNREACHED as error:
        raise Unavailable from error
    finally:
        await admin.close()
