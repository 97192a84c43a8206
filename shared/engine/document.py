"""The one document of an aggregate in memory; how it rests in the store is in `frame`. No decision is made here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.language import Task, tenant_of
from shared.effects.protocol import EffectRecord
from shared.engine.decider import Decider
from shared.ports import Stored

ANSWERS_KEPT = 64
"""Command ids whose outcomes the document remembers; a retry comes within seconds."""

KEPT_BYTES = 4 * 1024 * 1024
"""How much of what cannot be applied a document holds, with as much in copies: the database takes 16 MB."""

ENTRIES_KEPT = 1_000
"""How many records a document holds that cannot be applied: each takes some room, even where only its place is kept."""
HEADERS_BYTES = 64 * 1024
"""Headers that are larger are kept by nobody: those of a fact have some hundred bytes."""
TOMBSTONES_KEPT = 1_000
OPERATOR_TIME = timedelta(hours=4)
"""An operator looks at what is parked within this."""
HELD = "held:"
"""How the id of a document begins that holds what another, which it names, cannot take now (ADR 18)."""

NO_ROOM = "no-room"
FULL = "full"
"""Why a document takes no more records."""
BEHIND_GAP, BEHIND_ENTRY = "behind-hole", "behind-entry"
WAITS_ITS_TURN = (BEHIND_GAP, BEHIND_ENTRY)


Ranges = list[tuple[int, int]]
"""Sequence numbers, as the first and the last of each run of them, in order."""


@dataclass(frozen=True)
class Cause:
    """What led to a fact: its id, and the trace that it belongs to."""

    id: str | None = None
    traceparent: str | None = None


@dataclass(slots=True)
class OutboxEntry:
    """Something to publish. `n` counts a document's entries; `sequence` its facts, 0 for a dead-letter copy."""

    n: int
    sequence: int
    topic: str
    type: str
    time: datetime
    body: bytes | None
    causationid: str | None = None
    traceparent: str | None = None
    headers: list[tuple[str, bytes]] | None = None


@dataclass(slots=True)
class WaitingEntry:
    """A record that could not be applied: its bytes as they came, where from, since when, and why.

    Behind a gap or another entry it only waits its turn; with any other reason it is stuck until an operator acts.
    """

    sequence: int
    origin: str
    headers: list[tuple[str, bytes]]
    key: bytes | None
    value: bytes | None
    since: datetime
    reason: str | None = None
    is_given_up: bool = False

    @property
    def is_stuck(self) -> bool:
        """Whether it could not be read or was refused for good."""
        return self.reason not in (None, *WAITS_ITS_TURN) and not self.is_given_up

    @property
    def topic(self) -> str:
        """The topic that it was read from."""
        return self.origin.rsplit(":", 2)[0]

    @property
    def headers_bytes(self) -> int:
        """How much its headers take."""
        return sum(len(name) + len(value) for name, value in self.headers)

    @property
    def size(self) -> int:
        """How much of it is kept: headers, key and value."""
        return self.headers_bytes + len(self.key or b"") + len(self.value or b"")

    def dead_letter_headers(self, reader: str) -> list[tuple[str, bytes]]:
        """The headers as they came, and who could not take it, why, and where it lies."""
        sequence = ("dlq-reader", reader), ("dlq-reason", self.reason or ""), ("dlq-origin", self.origin)
        return [*self.headers, *((name, value.encode()) for name, value in sequence)]


@dataclass(slots=True)
class Document:
    """Everything that is known of one aggregate (ADR 1).

    `seen` is, per service, the highest sequence applied or given up, with nothing below it outstanding. `waiting`
    holds, per service, what cannot be applied yet; `unsequenced`, by origin, records without a place in any
    sequence (None: closed). `applied` stands in the place of `seen` where facts come by another key than their subject
    (`shared.messaging.keyed`).
    """

    id: str
    state: Any
    version: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, dict[int, WaitingEntry]] = field(default_factory=dict)
    unsequenced: dict[str, WaitingEntry | None] = field(default_factory=dict)
    applied: dict[tuple[str, str], Ranges] = field(default_factory=dict)
    outbox: list[OutboxEntry] = field(default_factory=list)
    sequence: int = 0
    entries: int = 0
    calls: dict[str, EffectRecord] = field(default_factory=dict)
    answered: dict[str, Stored] = field(default_factory=dict)
    timer_failures: int = 0
    retry_at: datetime | None = None
    is_parked: bool = False
    parked_at: datetime | None = None
    tasks_unpublished_since: datetime | None = None
    wake_at: datetime | None = None

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return tenant_of(self.id)

    @property
    def holds_only_records(self) -> bool:
        """Whether it only holds records: those of another, or one that reaches none, whose origin ends its id."""
        return ":" in self.id

    @property
    def owner(self) -> str | None:
        """The tenant whose operators see it; None for a record of which nobody knows whose it is."""
        named, _, beside = self.id.removeprefix(HELD).partition(":")
        return None if beside.count(":") == 1 else tenant_of(named)  # topic, partition and offset name nobody

    @property
    def unread_sources(self) -> tuple[str, ...]:
        """The services of which something waits unread."""
        by_key = {entry.topic.split(".")[2] for entry in self.unsequenced.values() if entry and entry.sequence}
        return tuple(sorted(by_key.union(service for service, queue in self.waiting.items() if queue)))

    @property
    def kept(self) -> list[WaitingEntry]:
        """All records that it holds because they could not be applied."""
        waiting = [each for queue in self.waiting.values() for each in queue.values()]
        return waiting + [entry for entry in self.unsequenced.values() if entry]

    @property
    def is_full(self) -> bool:
        """Whether it takes no more records that cannot be applied."""
        return len(self.kept) >= ENTRIES_KEPT

    def make_room(self, entry: WaitingEntry) -> None:
        """Keep of an entry only where it lies if it is too large, or too much is kept; its topic has the rest."""
        if entry.headers_bytes > HEADERS_BYTES or sum(each.size for each in self.kept) > KEPT_BYTES:
            entry.headers, entry.value, entry.reason = [], None, NO_ROOM
            entry.key = entry.key if entry.sequence or entry.key == self.id.encode() else None

    def close_unsequenced(self, origin: str) -> None:
        """Close an unsequenced record. A tombstone stays for a while, so that a redelivery does not open it again."""
        self.unsequenced[origin] = None
        closed = [each for each, entry in self.unsequenced.items() if entry is None]
        for each in closed[: -TOMBSTONES_KEPT or None]:
            del self.unsequenced[each]

    @property
    def something_waits(self) -> bool:
        """Whether an operator is needed before every published fact is applied."""
        return any(self.waiting.values()) or any(entry is not None for entry in self.unsequenced.values())


def tasks_of(decider: Decider, document: Document) -> tuple[Task, ...]:
    """Who must do what by when: the operator alone while something is parked, else what the domain says."""
    if document.is_parked and document.parked_at:
        return (Task.of("resolve_parked", "operator", "operations", document.parked_at + OPERATOR_TIME),)
    return decider.tasks(document.state)
