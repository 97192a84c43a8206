"""The world as the engine sees it: a store, a bus, a clock and gateways, each handed in.

The engine reaches nothing else, so the same code runs on MongoDB and Kafka or on fakes under a seeded
scheduler. An implementation raises Unavailable when nothing happened and Unknown when it cannot tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from shared.contracts.envelope import Headers
from shared.contracts.language import Command

Stored = dict[str, Any]
MOST_BYTES = 16 * 1024 * 1024
"""No document and no row is larger."""


class Unsaved(Exception):
    """What can never be saved as it is: `ids` of documents or rows, too large or of no form.

    Of the others in the same write nobody knows.
    """

    def __init__(self, ids: frozenset[str]) -> None:
        super().__init__("Part of what was to be saved never can be.")
        self.ids = ids


class Count(Protocol):
    """Counts that something happened `n` times. Labels are kinds and outcomes, never ids."""

    def __call__(self, name: str, n: int, /, **labels: str) -> None:
        """Count it."""


class Store(Protocol):
    """One collection of aggregates: a document per aggregate, replaced whole where `_id` and `version` match."""

    async def load(self, ids: Sequence[str]) -> dict[str, Stored]:
        """The newest majority-committed documents by id; what does not exist is left out."""

    async def save(self, documents: Sequence[Stored]) -> frozenset[str]:
        """Replace each document whose stored version is one below its own (1 inserts); return the ids that lost.

        Raises Unknown when the outcome of any of them is unknown: reload and look; Unsaved when some never can be.
        """

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add immutable rows, each with a derived `_id`; one that is there already is left as it is.

        Raises as `save` does.
        """

    async def clear(self, published: Mapping[str, int]) -> None:
        """Empty the outbox of each document (id to version) that has not been saved since."""

    async def due(self, now: datetime, slots: Sequence[int] | None, limit: int) -> list[str]:
        """Ids of the earliest documents whose `wake_at` is at or before `now`, in these slots (None: in any)."""

    async def unpublished(self, before: datetime, limit: int) -> list[Stored]:
        """Documents whose outbox has waited since `before`."""

    async def parked(self, after: str | None, limit: int) -> list[Stored]:
        """Documents in which something waits for an operator, by id, after the id given: to look at, never to save.

        Whatever may be megabytes of each is left out: the values of records that wait, and the bodies of the outbox.
        """

    async def count_parked(self, limit: int) -> int:
        """How many those are, counted no further than `limit`."""

    async def unpublished_since(self, before: datetime) -> datetime | None:
        """Since when the oldest outbox has waited, of those from `before` or earlier."""


class Collection(Store, Protocol):
    """A store as a service sees it: with its own indexes, and queries for its read models."""

    async def prepare(self, indexes: Sequence[tuple[Sequence[tuple[str, int]], Stored]] = ()) -> None:
        """Create what the queries need; `indexes` are (keys, options) of the service's own. Safe to repeat."""

    async def find(self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]], limit: int) -> list[Stored]:
        """Documents that match, sorted."""

    async def find_rows(self, query: Mapping[str, Any], limit: int) -> list[Stored]:
        """Rows that match."""

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], limit: int = 10_000) -> list[Stored]:
        """The result of an aggregation over the documents."""

    async def progress(self) -> Stored:
        """How far this collection is: facts published and seen, what is unpublished, parked, alive, or due next."""


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


class Clock(Protocol):
    """What time it is, and waiting. `now` is the database's clock plus an offset; `monotonic` is never moved."""

    def now(self) -> datetime:
        """The last reading plus the monotonic time since: late by a round trip, never ahead."""

    async def read(self) -> datetime:
        """Read the database's clock again. Raises Unavailable, also when this machine's clock is too far off."""

    async def refresh(self) -> None:
        """Notice that time was moved, before anything is decided; where it cannot be moved, do nothing.

        A replica that noticed first may have published since, and no fact is consumed before its own time.
        Raises Unavailable.
        """

    def monotonic(self) -> float:
        """Seconds of technical time."""

    async def sleep(self, seconds: float) -> None:
        """Wait in technical time."""


Act = Literal["send", "ask", "withdraw"]


@dataclass(frozen=True, slots=True)
class Call:
    """One outbound call, written down before it is made. `effect_id` is the same for every call of an effect."""

    effect_id: str
    aggregate_id: str
    kind: str
    revision: int
    act: Act
    number: int
    refs: tuple[str, ...] = ()

    @property
    def effect(self) -> str:
        """The effect's name within its aggregate."""
        return f"{self.kind}:{self.revision}"


AnswerWord = Literal["alive", "absent", "withdrawn", "nothing", "not_taken", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer from outside. A gateway without an answer, or with an unclear one, raises Unknown: word `unknown`.

    alive: it exists outside, under `refs`; absent: asked, and it does not; withdrawn: it is gone; nothing: there was
    nothing to withdraw; not_taken: certainly not done (refused connection, 429, a 4xx that the gateway lists).
    `command` is what the answer means to the domain and is decided in the same write; `final` says that no further
    result is to come; before `retry_after_s` the outside does not want to hear of it again.
    """

    word: AnswerWord
    refs: tuple[str, ...] = ()
    final: bool = True
    command: Command | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What an outside system promises. `land_s`: first byte to effect; `visible_s`: effect to being seen by ask."""

    can_ask: bool = False
    dedupes: bool = False
    may_repeat: bool = False
    has_results: bool = False
    land_s: float = 10.0
    visible_s: float = 0.0
    ask_every_s: float = 3600.0
    concurrency: int = 16


class Gateway(Protocol):
    """One kind of outbound call. Client retries are off: one `call` is one request."""

    @property
    def traits(self) -> Traits:
        """What the system behind it promises."""

    async def call(self, call: Call, state: Any, now: datetime) -> Answer:
        """Make the call; `state` is the aggregate's state in which it was written down. Raises Unknown on silence."""
