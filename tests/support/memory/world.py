"""A whole world in memory: what a service reaches by the ports, for tests that need no storms."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from shared.audit import Rows
from shared.ports import Bus, Clock, Collection, Subscription
from tests.support.memory.bus import Broker, MemoryBus, MemorySubscription
from tests.support.memory.disk import EPOCH, Disk, MemoryClock, Weather
from tests.support.memory.rows import MemoryRows
from tests.support.memory.store import MemoryStore


@dataclass
class MemoryWorld:
    """A world in memory (shared.world.World), made when its clock shows `begins`; `stores` hands in other stores."""

    begins: datetime = EPOCH
    stores: Callable[[str], Collection] | None = None
    disk: Disk = field(default_factory=Disk)
    weather: Weather = field(default_factory=Weather)
    random: Random = field(default_factory=lambda: Random(7))
    tokens: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        """Put the clock where it begins."""
        self.broker = Broker(self.disk)
        self.clock: Clock = MemoryClock(self.disk, self.weather)
        self.bus: Bus = MemoryBus(self.broker, self.weather)
        self.disk.offset = self.begins - self.clock.now()

    def store(self, _database: str, collection: str) -> Collection:
        """A collection: in memory, or the one that was handed in."""
        return self.stores(collection) if self.stores else MemoryStore(self.disk, collection, self.weather)

    def rows(self, database: str, collection: str) -> Rows:
        """A collection of rows."""
        return MemoryRows(self.disk, f"{database}.{collection}", self.weather)

    def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """The facts of the others."""
        return MemorySubscription(self.broker, group, topics, self.weather)

    def token(self) -> str:
        """A fresh id."""
        return str(next(self.tokens))

    def epoch_s(self) -> float:
        """Tokens do not age here."""
        return 0.0

    async def close(self) -> None:
        """Nothing to let go of."""
