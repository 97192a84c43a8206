"""How a document rests in the store, and the number of that form: an older program never reads a newer one.

The form of the state within has a number of its own, its decider's `schema`. Whoever changes what is written here
raises FRAME: a program that does not know the new field would drop it with its next save. Nothing is decided here.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from shared.effects.stored import record_from_stored, record_to_stored
from shared.engine.document import ANSWERS_KEPT, Document, OutboxEntry, WaitingEntry
from shared.ports import Stored

FRAME: Final = 2
"""The newest form that this program reads and writes. Documents from before it had a number are of 1.

Form 2 is form 1 with `applied`. A document without that is written as form 1, which older programs read, too.
"""


def is_newer(stored: Stored, schema: int) -> bool:
    """Whether a newer program wrote this document, or the state in it: then nothing of it may be understood."""
    return _is_above(stored.get("frame", 1), FRAME) or _is_above(stored.get("schema"), schema)


def _is_above(number: object, known: int) -> bool:
    return isinstance(number, int) and number > known


def to_stored(document: Document, state: object, schema: int, slot: int, now: datetime) -> Stored:
    """The document as it is saved; `unpublished_at` is there only while the outbox holds something."""
    stored: Stored = {
        "_id": document.id,
        "tenant": document.tenant,
        "version": document.version,
        "frame": FRAME if document.applied else 1,
        "schema": schema,
        "slot": slot,
        "state": state,
        "seen": document.seen,
        "outbox": [_fields(entry) for entry in document.outbox],
        "told": document.sequence,
        "entries": document.entries,
        "calls": [record_to_stored(record) for record in document.calls.values()],
        "answered": list(document.answered.items())[-ANSWERS_KEPT:],
        "strikes": document.timer_failures,
    }
    optional = {
        "waiting": [[s, _fields(e)] for s, queue in document.waiting.items() for e in queue.values()],
        "letters": [[origin, _fields(entry) if entry else None] for origin, entry in document.unsequenced.items()],
        "applied": [[*of, [list(run) for run in ranges]] for of, ranges in document.applied.items()],
        "unpublished_at": now if document.outbox else None,
        "wake_at": _rounded_up(document.wake_at),
        "retry_at": document.retry_at,
        "is_parked": document.is_parked,
        "parked_at": document.parked_at,
        "step_untold_since": document.tasks_unpublished_since,
    }
    stored.update({name: value for name, value in optional.items() if value})
    return stored


def from_stored(stored: Stored, state: object) -> Document:
    """The inverse of `to_stored`, for a document that is not newer than this program."""
    waiting: dict[str, dict[int, WaitingEntry]] = {}
    for service, entry in stored.get("waiting", ()):
        waiting.setdefault(service, {})[entry["sequence"]] = _waiting(entry)
    return Document(
        id=stored["_id"],
        state=state,
        version=stored["version"],
        seen=dict(stored["seen"]),
        waiting=waiting,
        unsequenced={origin: _waiting(entry) if entry else None for origin, entry in stored.get("letters", ())},
        applied={(s, subject): [*map(tuple, runs)] for s, subject, runs in stored.get("applied", ())},
        outbox=[OutboxEntry(**{**e, "headers": _headers(e["headers"])}) for e in stored["outbox"]],
        sequence=stored["told"],
        entries=stored["entries"],
        calls={record.key: record for record in map(record_from_stored, stored["calls"])},
        answered=dict(stored["answered"]),
        timer_failures=stored["strikes"],
        retry_at=stored.get("retry_at"),
        is_parked=stored.get("is_parked", False),
        parked_at=stored.get("parked_at"),
        tasks_unpublished_since=stored.get("step_untold_since"),
        wake_at=stored.get("wake_at"),
    )


def _fields(entry: OutboxEntry | WaitingEntry) -> Stored:
    return {name: getattr(entry, name) for name in entry.__slots__}


def _waiting(stored: Stored) -> WaitingEntry:
    return WaitingEntry(**{**stored, "headers": _headers(stored["headers"]) or []})


def _headers(stored: list[Any] | None) -> list[tuple[str, bytes]] | None:
    return None if stored is None else [(name, bytes(value)) for name, value in stored]


def rounded_down(instant: datetime) -> datetime:
    """In the store's milliseconds: what is published from memory must not differ from what the sweep finds."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def _rounded_up(instant: datetime | None) -> datetime | None:
    """To the store's milliseconds, never earlier: a wake that comes early finds nothing due."""
    if instant is None or instant.microsecond % 1000 == 0:
        return instant
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000) + timedelta(milliseconds=1)
