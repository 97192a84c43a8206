"""The real world behind the ports: one broker, one database, one clock. Tests hand in another."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Protocol

from shared.audit import Rows
from shared.kafka import KafkaBus, KafkaSubscription
from shared.mongo import MongoClock, MongoRows, MongoStore, connect
from shared.ports import Bus, Clock, Collection, Subscription
from shared.settings import ClockSettings, KafkaSettings, MongoSettings


class World(Protocol):
    """Everything that a service reaches, by the ports."""

    clock: Clock
    bus: Bus
    random: Random

    def store(self, database: str, collection: str) -> Collection:
        """A collection of aggregates."""

    def rows(self, database: str, collection: str) -> Rows:
        """A collection of rows."""

    def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """The facts of other services, for one consumer group."""

    def token(self) -> str:
        """A fresh id for a save or a call of this replica; nothing that a retry must repeat."""

    def epoch_s(self) -> float:
        """Seconds by the machine's own clock: for the expiry of tokens, and for access records."""

    async def close(self) -> None:
        """Let go of everything, the store last."""


@dataclass
class RealWorld:
    """MongoDB and Kafka."""

    kafka: KafkaSettings
    mongo: MongoSettings
    clock_settings: ClockSettings
    random: Random = field(default_factory=SystemRandom)

    def __post_init__(self) -> None:
        """Connect lazily: nothing is sent before it is needed."""
        self._client = connect(self.mongo)
        self.clock: Clock = MongoClock(self._client, self.clock_settings)
        self._bus = KafkaBus(self.kafka)
        self.bus: Bus = self._bus

    def store(self, database: str, collection: str) -> Collection:
        """A collection of aggregates."""
        return MongoStore(self._client, f"{self.mongo.database_prefix}{database}", collection)

    def rows(self, database: str, collection: str) -> Rows:
        """A collection of rows."""
        return MongoRows(self._client, f"{self.mongo.database_prefix}{database}", collection)

    def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """The facts of other services, for one consumer group."""
        return KafkaSubscription(self.kafka, group, topics)

    def token(self) -> str:
        """A fresh id."""
        return secrets.token_hex(8)

    def epoch_s(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def close(self) -> None:
        """Stop the producer within a bound, then the client."""
        await self._bus.stop()
        self._client.close()
