"""The one document of an aggregate in memory; how it rests in the store is in `frame`. No decision is made here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.calls import EffectRecord
from shared.contracts.language import tenant_of
from shared.ports import Stored

ANSWERS_KEPT = 64
"""Command ids whose outcomes the document remembers; a retry comes within seconds."""

KEPT_BYTES = 4 * 1024 * 1024
"""How much of what cannot be applied a document holds, with as much in copies: the database takes 16 MB."""

NO_ROOM = "no-room"
BEHIND_HOLE, BEHIND_ENTRY = "behind-hole", "behind-entry"
WAITS_ITS_TURN = (BEHIND_HOLE, BEHIND_ENTRY)


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

    Behind a hole or another entry it only waits its turn; with any other reason it is stuck until an operator acts.
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

    def dead_letter_headers(self, reader: str) -> list[tuple[str, bytes]]:
        """The headers as they came, and who could not take it, why, and where it lies."""
        told = ("dlq-reader", reader), ("dlq-reason", self.reason or ""), ("dlq-origin", self.origin)
        return [*self.headers, *((name, value.encode()) for name, value in told)]


@dataclass(slots=True)
class Document:
    """Everything that is known of one aggregate (ADR 1).

    `seen` is, per service, the highest sequence applied or given up, with nothing below it outstanding. `waiting`
    holds, per service, what cannot be applied yet; `letters`, by origin, what has no place in any order (None: closed).
    """

    id: str
    state: Any
    version: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, dict[int, WaitingEntry]] = field(default_factory=dict)
    letters: dict[str, WaitingEntry | None] = field(default_factory=dict)
    outbox: list[OutboxEntry] = field(default_factory=list)
    told: int = 0
    entries: int = 0
    calls: dict[str, EffectRecord] = field(default_factory=dict)
    answered: dict[str, Stored] = field(default_factory=dict)
    strikes: int = 0
    retry_at: datetime | None = None
    is_parked: bool = False
    parked_at: datetime | None = None
    step_untold_since: datetime | None = None
    wake_at: datetime | None = None

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return tenant_of(self.id)

    @property
    def is_letterbox(self) -> bool:
        """Whether it only holds a record without a usable key: then its id is that record's origin."""
        return ":" in self.id

    def make_room(self, entry: WaitingEntry) -> None:
        """Keep of an entry only where it lies when the document holds enough already; its topic has the rest."""
        waiting = (each for queue in self.waiting.values() for each in queue.values())
        if sum(len(each.value or b"") for each in (*waiting, *self.letters.values()) if each) > KEPT_BYTES:
            entry.value, entry.reason = None, NO_ROOM

    @property
    def something_waits(self) -> bool:
        """Whether an operator is needed before everything that was told is taken in."""
        return any(self.waiting.values()) or any(letter is not None for letter in self.letters.values())
