"""Topics as they should be: created once, never with another number of partitions."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, TopicAuthorizationFailedError, for_code

from shared.errors import Unavailable
from shared.kafka.connection import UNREACHED, connection
from shared.kafka.names import topic_there
from shared.kafka.refusals import REFUSED, refusal_of
from shared.settings import KafkaSettings

DEAD_LETTER_BYTES = 3_000_000


_IN_SYNC = "min.insync.replicas"


class WrongTopic(Exception):
    """A topic is not as it should be, and nothing may be read from it. The message says which, and what is wrong."""


class WrongPartitions(WrongTopic):
    """A topic has another number of partitions than configured: keys would move. Drain, then grow."""


class TooFewCopies(WrongTopic):
    """A topic has fewer copies than configured, or takes a record for kept with fewer: a lost broker loses facts."""


@dataclass(frozen=True)
class Topic:
    """A topic as it should be."""

    name: str
    max_message_bytes: int
    retention_ms: int = -1


async def apply_topics(settings: KafkaSettings, topics: Sequence[Topic], replication: int | None = None) -> list[str]:
    """Create the topics that are missing; return their names there. Safe to repeat.

    They get `replication` copies, else as many as the settings say; those that are there are left as they are.

    Raises Unavailable, and Refused where the broker does not allow it.
    """
    async with _admin(settings) as admin:
        there = set(await admin.list_topics())
        copies = replication or settings.replication
        missing = [topic for topic in topics if topic_there(settings, topic.name) not in there]
        wanted = [_new_topic(settings, topic, copies) for topic in missing]
        return _created(await admin.create_topics(wanted)) if wanted else []


def _new_topic(settings: KafkaSettings, topic: Topic, replication: int) -> NewTopic:
    configs = {
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
        _IN_SYNC: str(_needed_in_sync(replication)),
    }
    name = topic_there(settings, topic.name)
    return NewTopic(name, settings.partitions, replication, topic_configs=configs)


def _created(response: Any) -> list[str]:
    """The names that were created now. One that is there already may be missing from the list for a moment."""
    names = []
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
        names += [] if code else [name]
    return names


async def check_topics(settings: KafkaSettings, topics: Sequence[str]) -> None:
    """Refuse topics that are not as configured, by a WrongTopic. Raises Unavailable while one is missing.

    Raises Refused where we may not look at one.
    """
    names = [topic_there(settings, topic) for topic in topics]
    async with _admin(settings) as admin:
        for found in await admin.describe_topics(names):
            if for_code(found["error_code"]) is TopicAuthorizationFailedError:
                raise TopicAuthorizationFailedError(found["topic"])
            if found["error_code"]:
                raise Unavailable
            if len(found["partitions"]) != settings.partitions:
                count = len(found["partitions"])
                raise WrongPartitions(f"{found['topic']} has {count} partitions, configured are {settings.partitions}.")
        if short := await _short_of_copies(admin, names, settings.replication):
            raise TooFewCopies(" ".join(short))


async def short_of_copies(settings: KafkaSettings, topics: Sequence[str], replication: int) -> list[str]:
    """A sentence for each topic that has fewer copies than these, or keeps a record in fewer than all but one of them.

    Raises Unavailable, also while a topic is missing, and Refused where we may not look at one.
    """
    async with _admin(settings) as admin:
        return await _short_of_copies(admin, [topic_there(settings, topic) for topic in topics], replication)


async def _short_of_copies(admin: AIOKafkaAdminClient, topics: Sequence[str], replication: int) -> list[str]:
    """Where one copy is enough, nothing is asked: a service of a demo needs no right to."""
    if replication == 1 or not topics:
        return []
    copies = {
        found["topic"]: min(len(partition["replicas"]) for partition in found["partitions"])
        for found in await admin.describe_topics(list(topics))
        if not found["error_code"]
    }
    in_sync = await _in_sync(admin, topics)
    return [flaw for name in topics if name in copies for flaw in flaws(name, copies[name], in_sync[name], replication)]


def flaws(name: str, copies: int, in_sync: int, replication: int) -> list[str]:
    """What is wrong with a topic of so many copies, of which so many must have a record before it is taken."""
    found = []
    if copies < replication:
        found.append(f"{name} has {copies} copies, configured are {replication}.")
    if in_sync < _needed_in_sync(replication):
        found.append(f"{name} has {_IN_SYNC} {in_sync}, which must be {_needed_in_sync(replication)}.")
    return found


def _needed_in_sync(replication: int) -> int:
    """All copies but one: so one broker may be away, and no two need be lost to lose a record."""
    return max(1, replication - 1)


async def _in_sync(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, int]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, {_IN_SYNC: ""}) for name in topics]
    found: dict[str, int] = {}
    for answer in await admin.describe_configs(asked):
        for code, _, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(name)
            found[name] = next(int(value) for key, value, *_ in entries if key == _IN_SYNC)
    return found


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
