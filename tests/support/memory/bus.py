"""A broker in memory: topics, groups, and who owns which partition."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from aiokafka.partitioner import murmur2

from shared.errors import Unavailable, Unknown
from shared.ports import Received, Record
from tests.support.memory.disk import Disk, Weather

WAIT_S = 5.0


class Broker:
    """Readers sleep until something is appended or reassigned. `mangle` may spoil a record as it lands."""

    def __init__(self, disk: Disk, partitions: int = 4) -> None:
        self.disk, self.partitions = disk, partitions
        self.generation: dict[str, int] = defaultdict(int)
        self.members: dict[str, list[MemorySubscription]] = defaultdict(list)
        self.mangle: Callable[[str, Record], Record] = lambda _topic, record: record
        self._listening: dict[str, list[MemorySubscription]] = defaultdict(list)

    def partition_of(self, key: str) -> int:
        """As Kafka's default partitioner has it."""
        return int((murmur2(key.encode()) & 0x7FFFFFFF) % self.partitions)

    def append(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        """Land a batch whole, in order, and wake the readers."""
        log = self.disk.topics[topic, partition]
        for record in records:
            landed = self.mangle(topic, record)
            log.append(Received(landed.key, landed.headers, landed.value, topic, partition, len(log)))
        for reader in self._listening[topic]:
            reader.news.set()

    def join(self, group: str, member: "MemorySubscription") -> None:
        """A member comes, and the partitions are dealt out anew."""
        if member not in self.members[group]:
            self.members[group].append(member)
            for topic in member.topics:
                self._listening[topic].append(member)
            self.rebalance(group)

    def leave(self, group: str, member: "MemorySubscription") -> None:
        """A member goes. One that did not mean to hears of it by its next heartbeat."""
        member.news.set()
        if member in self.members[group]:
            self.members[group].remove(member)
            for topic in member.topics:
                self._listening[topic].remove(member)
            self.rebalance(group)

    def put_out(self, member: "MemorySubscription") -> None:
        """Nothing was heard of a member for too long."""
        self.leave(member.group, member)

    def rebalance(self, group: str) -> None:
        """Deal the partitions out anew. Members learn of it when they next fetch."""
        self.generation[group] += 1
        for member in self.members[group]:
            member.news.set()

    def assigned(self, group: str, member: "MemorySubscription") -> tuple[int, ...]:
        """Partition p belongs to member p modulo their number, and another one after each rebalance."""
        members = self.members[group]
        turn = (members.index(member) + self.generation[group]) % len(members)
        return tuple(p for p in range(self.partitions) if p % len(members) == turn)


class MemoryBus:
    """Publishing side (ports.Bus)."""

    def __init__(self, broker: Broker, weather: Weather, batch: int = 50) -> None:
        self._broker, self.weather, self._batch = broker, weather, batch

    def partition_of(self, key: str) -> int:
        """As Kafka's default partitioner has it."""
        return self._broker.partition_of(key)

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """One batch lands whole, in order; the sender may not hear of it, or only long after."""
        await self.weather.step("send")
        batch = list(records[: self.weather.portion(self._batch)])
        if self._broker.disk.is_broker_down:
            raise Unavailable
        if self.weather.strikes("send lost"):
            raise Unknown("lost")
        if self.weather.strikes("send late"):
            self.weather.later(lambda: self._broker.append(topic, partition, batch))
            raise Unknown("late")
        self._broker.append(topic, partition, batch)
        if self.weather.strikes("send unseen"):
            raise Unknown("unseen")
        await self.weather.step("sent")
        return len(batch)


class MemorySubscription:
    """Reading side (ports.Subscription). It knows its partitions as of its last fetch.

    One whose partitions are gone, or which was put out of the group, goes on with the batch that it has, commits
    nothing, and joins again at its next fetch.
    """

    def __init__(
        self, broker: Broker, group: str, topics: Sequence[str], weather: Weather, wait_s: float = WAIT_S
    ) -> None:
        self._broker, self.group, self.topics, self.weather = broker, group, list(topics), weather
        self._wait_s = wait_s
        self.news = asyncio.Event()
        self._position: dict[tuple[str, int], int] = {}
        self._fetched: set[tuple[str, int]] = set()
        self._mine: tuple[int, ...] = ()
        self._generation = -1

    async def start(self) -> None:
        """Join the group."""
        await self.weather.step("join")
        if self._broker.disk.is_broker_down:
            raise Unavailable
        self._learn()

    async def stop(self) -> None:
        """Leave the group."""
        self._broker.leave(self.group, self)

    async def fetch(self, limit: int, wait_s: float | None = None) -> list[Received]:
        """What has arrived in the partitions that are ours now."""
        await self.weather.step("fetch")
        if self._broker.disk.is_broker_down:
            raise Unavailable
        self._learn()
        self.news.clear()
        found = self._read(self.weather.portion(limit))
        if not found:
            await self._wait(wait_s or self._wait_s)
            self._learn()
            found = self._read(self.weather.portion(limit))
        await self.weather.step("fetched")
        return found

    async def _wait(self, at_most_s: float) -> None:
        try:
            async with asyncio.timeout(at_most_s):
                await self.news.wait()
        except TimeoutError:
            return

    def _learn(self) -> None:
        """Join again if need be, and take up the partitions of the newest generation from what is committed."""
        self._broker.join(self.group, self)
        if self._generation != self._broker.generation[self.group]:
            self._generation = self._broker.generation[self.group]
            self._mine = self._broker.assigned(self.group, self)
            self._position, self._fetched = {}, set()

    def _read(self, limit: int) -> list[Received]:
        found: list[Received] = []
        for where in self._partitions():
            start = self._position.get(where, self._committed(*where))
            batch = self._broker.disk.topics[where][start : start + limit - len(found)]
            self._position[where] = start + len(batch)
            self._fetched.update([where] if batch else [])
            found.extend(batch)
        return found

    def _partitions(self) -> list[tuple[str, int]]:
        return [(topic, partition) for topic in self.topics for partition in self._mine]

    async def commit(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Commit what was fetched in this generation, unless the group has moved on."""
        await self.weather.step("commit")
        if self._broker.disk.is_broker_down:
            raise Unavailable
        if self._generation == self._broker.generation[self.group] and self in self._broker.members[self.group]:
            for topic, partition in self._fetched.intersection(offsets):
                self._broker.disk.committed[self.group, topic, partition] = offsets[topic, partition]

    async def rewind(self) -> None:
        """Read again from the committed offsets, which the broker knows."""
        if self._broker.disk.is_broker_down:
            raise Unavailable
        self._position = {}

    async def committed(self, topic: str, partition: int) -> int:
        """The group's committed offset."""
        await self.weather.step("committed")
        return self._committed(topic, partition)

    def _committed(self, topic: str, partition: int) -> int:
        return self._broker.disk.committed.get((self.group, topic, partition), 0)

    def assigned(self) -> Sequence[int]:
        """The partitions that were ours when we last looked."""
        return self._mine

    def lag(self) -> dict[tuple[str, int], int]:
        """Records not yet fetched, where any were since the partitions were dealt out."""
        logs = self._broker.disk.topics
        return {where: len(logs[where]) - position for where, position in self._position.items()}
