"""The broker, from both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.envelope import Headers


@dataclass(frozen=True, slots=True)
class Record:
    """What is sent to the bus."""

    key: bytes | None
    headers: Headers
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Received(Record):
    """What came from the bus, and from where: (topic, partition, offset) is its origin and never changes."""

    topic: str
    partition: int
    offset: int

    @property
    def origin(self) -> str:
        """The origin as one string."""
        return f"{self.topic}:{self.partition}:{self.offset}"


class Bus(Protocol):
    """Publishing side of the broker."""

    def partition_of(self, key: str) -> int:
        """The partition that a key belongs to, as Kafka's default partitioner has it."""

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Send records as one batch, in order, and await the acknowledgement of all replicas.

        Return how many, from the front, were taken (a batch that is full takes fewer). Raises Unknown when it may
        have landed or may land later, Unavailable when it did not, Refused when the broker does not allow it.
        """


class Subscription(Protocol):
    """Reading side of the broker, for one consumer group."""

    async def start(self) -> None:
        """Join the group. Raises Unavailable while the broker or a topic is missing, Refused where it may not."""

    async def stop(self) -> None:
        """Leave the group, within a bound. The next fetch joins it again."""

    async def fetch(self, limit: int, wait_s: float | None = None) -> list[Received]:
        """Whatever has arrived, at most `limit`, in order per partition; waits so long for the first, or a while."""

    async def commit(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Commit the next offset to read, per (topic, partition); quiet for a partition that is no longer ours."""

    async def rewind(self) -> None:
        """Read again from the committed offsets."""

    async def committed(self, topic: str, partition: int) -> int:
        """The group's committed offset, 0 when there is none."""

    def assigned(self) -> Sequence[int]:
        """The partition numbers that this replica owns in every topic, sorted."""

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Records not yet fetched, per (topic, partition)."""
