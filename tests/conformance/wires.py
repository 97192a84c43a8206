"""Brokers as the suite sees them: topics made on demand, and what the product has to send and to read."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from secrets import token_hex
from typing import Protocol

from shared.kafka import KafkaBus, KafkaSubscription, Topic, apply_topics
from shared.ports import Bus, Subscription
from shared.settings import KafkaSettings
from tests.support.memory import Broker, Disk, MemoryBus, MemorySubscription, Weather
from tests.support.reading import joined

PARTITIONS = 4
LONGEST_RECORD = 1024 * 1024


class Wire(Protocol):
    """One broker. What it hands out is stopped when the test ends."""

    async def topic(self) -> str:
        """A new topic of four partitions; its name."""

    async def bus(self) -> Bus:
        """Somebody who sends."""

    async def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """A started reader."""


class MemoryWire:
    """The broker of the simulation."""

    def __init__(self, opened: AsyncExitStack) -> None:
        self._opened, self._broker = opened, Broker(Disk(), PARTITIONS)

    async def topic(self) -> str:
        """A name is enough."""
        return f"trial-{token_hex(4)}"

    async def bus(self) -> Bus:
        """A sender in good weather."""
        return MemoryBus(self._broker, Weather())

    async def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """A reader in good weather, who waits for a second as the real one does."""
        found = MemorySubscription(self._broker, group, topics, Weather(), wait_s=1.0)
        self._opened.push_async_callback(found.stop)
        await found.start()
        return found


class KafkaWire:
    """A broker that speaks Kafka's protocol."""

    def __init__(self, opened: AsyncExitStack, settings: KafkaSettings) -> None:
        self._opened, self._settings = opened, settings

    async def topic(self) -> str:
        """Made as the product makes its topics."""
        name = f"trial-{token_hex(4)}"
        await apply_topics(self._settings, [Topic(name, LONGEST_RECORD)], replication=1)
        return name

    async def bus(self) -> Bus:
        """The product's own."""
        found = KafkaBus(self._settings)
        self._opened.push_async_callback(found.stop)
        return found

    async def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """The product's own."""
        found = KafkaSubscription(self._settings, group, topics)
        self._opened.push_async_callback(found.stop)
        await joined(found)
        return found
