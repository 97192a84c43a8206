"""The one document of an aggregate, and how it rests in the store. No decision is made here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.calls import EffectRecord, record_from_stored, record_to_stored
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


def to_stored(document: Document, state: Any, schema: int, slot: int, now: datetime) -> Stored:
    """The document as it is saved; `unpublished_at` is there only while the outbox holds something."""
    stored: Stored = {
        "_id": document.id,
        "tenant": document.tenant,
        "version": document.version,
        "schema": schema,
        "slot": slot,
        "state": state,
        "seen": document.seen,
        "outbox": [_fields(entry) for entry in document.outbox],
        "told": document.told,
        "entries": document.entries,
        "calls": [record_to_stored(record) for record in document.calls.values()],
        "answered": list(document.answered.items())[-ANSWERS_KEPT:],
        "strikes": document.strikes,
    }
    optional = {
        "waiting": [[s, _fields(e)] for s, queue in document.waiting.items() for e in queue.values()],
        "letters": [[origin, _fields(letter) if letter else None] for origin, letter in document.letters.items()],
        "unpublished_at": now if document.outbox else None,
        "wake_at": _rounded_up(document.wake_at),
        "retry_at": document.retry_at,
        "is_parked": document.is_parked,
        "parked_at": document.parked_at,
        "step_untold_since": document.step_untold_since,
    }
    stored.update({name: value for name, value in optional.items() if value})
    return stored


def from_stored(stored: Stored, state: Any) -> Document:
    """The inverse of `to_stored`."""
    waiting: dict[str, dict[int, WaitingEntry]] = {}
    for service, entry in stored.get("waiting", ()):
        waiting.setdefault(service, {})[entry["sequence"]] = _waiting(entry)
    return Document(
        id=stored["_id"],
        state=state,
        version=stored["version"],
        seen=dict(stored["seen"]),
        waiting=waiting,
        letters={origin: _waiting(letter) if letter else None for origin, letter in stored.get("letters", ())},
        outbox=[OutboxEntry(**{**e, "headers": _headers(e["headers"])}) for e in stored["outbox"]],
        told=stored["told"],
        entries=stored["entries"],
        calls={record.key: record for record in map(record_from_stored, stored["calls"])},
        answered=dict(stored["answered"]),
        strikes=stored["strikes"],
        retry_at=stored.get("retry_at"),
        is_parked=stored.get("is_parked", False),
        parked_at=stored.get("parked_at"),
        step_untold_since=stored.get("step_untold_since"),
        wake_at=stored.get("wake_at"),
    )


def _fields(entry: OutboxEntry | WaitingEntry) -> Stored:
    return {name: getattr(entry, name) for name in entry.__slots__}


def _waiting(stored: Stored) -> WaitingEntry:
    return WaitingEntry(**{**stored, "headers": _headers(stored["headers"]) or []})


def _headers(stored: list[Any] | None) -> list[tuple[str, bytes]] | None:
    return None if stored is None else [(name, bytes(value)) for name, value in stored]


def _rounded_up(instant: datetime | None) -> datetime | None:
    """To the store's milliseconds, never earlier: a wake that comes early finds nothing due."""
    if instant is None or instant.microsecond % 1000 == 0:
        return instant
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000) + timedelta(milliseconds=1)
