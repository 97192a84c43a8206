"""The inbox of an aggregate: a high-water mark per source, and a place in the document for records that must wait.

What cannot be applied is parked, and its successors wait behind it: a sequenced dead-letter queue.

The protocol is of ADR 2 and 3. Order is promised per source, so parking is per source: the successors of a
stuck entry queue behind it, while other sources and other referrals flow.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.contracts.catalogue import FACTS, is_unknown_version, wire_type
from shared.contracts.envelope import Envelope, from_headers
from shared.contracts.language import Actor, Command, Fact
from shared.engine.document import BEHIND_ENTRY, BEHIND_GAP, FULL, NO_ROOM, Cause, WaitingEntry
from shared.engine.unit_of_work import FACT_BYTES, UnitOfWork
from shared.errors import Rejected, Unreadable, Unusable
from shared.ports import Count, Received

NEWER_VERSION = "newer-version"
"""Of a fact that this program was not built for: a newer one tries it again by itself."""
WAITS_FOR_UPGRADE = (NEWER_VERSION, "unknown-version")
"""By its present name, and by the one that it had."""
USABLE_KEY = re.compile(r"[a-z][a-z0-9]{1,30}-[a-z0-9-]{1,100}")


@dataclass(frozen=True)
class EventContext:
    """The circumstances of a fact: its envelope, the moment it is taken in, and its bytes as they came."""

    envelope: Envelope
    at: datetime
    value: bytes

    @property
    def by(self) -> Actor:
        """The service that published it."""
        return Actor(kind="service", id=self.envelope.service)


Reaction = Callable[[Any, EventContext], Command | None]
KeyOf = Callable[[Any, Envelope], str | None]
"""The aggregate that a fact is for; None where it is for none of this kind."""


class Reader:
    """The facts that one service consumes: a reaction per type. A fact without one only moves `seen`.

    `key_of` is of a kind that takes facts by another key than their subject (`shared.messaging.keyed`).
    """

    def __init__(
        self, service: str, reactions: Mapping[type[Fact], Reaction], count: Count, key_of: KeyOf | None = None
    ) -> None:
        self.service, self.count, self.key_of = service, count, key_of
        self._reactions = {wire_type(fact): (fact, reaction) for fact, reaction in reactions.items()}

    def take(self, unit: UnitOfWork, entry: WaitingEntry, envelope: Envelope | None = None) -> str | None:
        """Apply one entry, whose envelope was perhaps read before. Return why it cannot be taken, None when it was."""
        if entry.reason == NO_ROOM:
            return NO_ROOM
        try:
            envelope = envelope or from_headers(entry.headers, entry.key, entry.topic)
        except Unreadable as error:
            return f"{error.pointer}: {error.detail}"
        try:
            fact = self.fact_of(envelope, entry.value)
            if fact is None:
                self.count("foreign", envelope.type not in FACTS)
                return None
            command = self._reactions[envelope.type][1](fact, EventContext(envelope, unit.now, entry.value or b""))
            if command is not None:
                unit.decide(command, Cause(envelope.id, envelope.traceparent))
        except Unreadable as error:
            return error.detail
        except Rejected as refusal:
            return f"refused:{refusal.code}"
        except Exception as error:  # noqa: BLE001 - whatever it is, this referral waits and the others flow
            return f"failed:{type(error).__name__}"
        return None

    def can_read(self, entry: WaitingEntry) -> bool:
        """Whether its data follows the contract, as far as this service looks at it."""
        try:
            self.fact_of(from_headers(entry.headers, entry.key, entry.topic), entry.value)
        except Unreadable:
            return False
        return entry.reason != NO_ROOM

    def fact_of(self, envelope: Envelope, value: bytes | None) -> Fact | None:
        """The fact; None of one without a reaction. Raises Unreadable, also for what this program must not skip."""
        if envelope.type not in self._reactions:
            if is_unknown_version(envelope.type):
                raise Unreadable("", NEWER_VERSION)
            return None
        fact = _decoded(self._reactions[envelope.type][0], value)
        if getattr(fact, "referral_id", envelope.subject) != envelope.subject:
            raise Unreadable("/referral_id", "subject-mismatch")
        return fact


def _decoded(fact_type: type[Fact], value: bytes | None) -> Fact:
    if value is None:
        raise Unreadable("", "null-value")
    if len(value) > FACT_BYTES:
        raise Unreadable("", "oversize")
    try:
        return fact_type.model_validate_json(value)
    except ValidationError as error:
        is_json = error.errors(include_input=False, include_url=False)[0]["type"] != "json_invalid"
        raise Unreadable("", "unreadable-data" if is_json else "invalid-json") from None


@dataclass(frozen=True)
class Delivery:
    """One record for one aggregate. Safe to apply any number of times."""

    reader: Reader
    record: Received

    @property
    def key(self) -> str:
        """The aggregate that the record's key names; the record's origin where it names none."""
        try:
            key = (self.record.key or b"").decode()
        except UnicodeDecodeError:
            return self.record.origin
        return key if USABLE_KEY.fullmatch(key) else self.record.origin

    def apply(self, unit: UnitOfWork) -> bool | Unusable:
        """Receive it, then apply whatever can be applied now from its source. Return whether it was new.

        Unusable where it cannot be applied, and the document keeps no more of such records.
        """
        record = self.record
        try:
            envelope = from_headers(record.headers, record.key, record.topic)
        except Unreadable as error:
            return keep_unsequenced(unit, self.record, self.reader, f"{error.pointer}: {error.detail}")
        if _must_wait(unit, envelope) and unit.document.is_full:
            return Unusable(self.key, FULL)
        return receive(unit, envelope, entry_of(record, envelope.sequence, unit.now), self.reader)


def keep_unsequenced(unit: UnitOfWork, record: Received, reader: Reader, reason: str) -> bool | Unusable:
    """Park a record that has no place in any order. Return whether it was new; Unusable where it does not fit."""
    unsequenced = unit.document.unsequenced
    if record.origin in unsequenced:
        return False
    if unit.document.is_full:
        return Unusable(unit.document.id, FULL)
    unsequenced[record.origin] = entry = entry_of(record, 0, unit.now, reason)
    unit.copy_to_dead_letters(entry, reader.service)
    unit.note_parking("unreadable-envelope")
    return True


def entry_of(record: Received, sequence: int, since: datetime, reason: str | None = None) -> WaitingEntry:
    """A record as a document keeps it."""
    return WaitingEntry(sequence, record.origin, list(record.headers), record.key, record.value, since, reason)


def _must_wait(unit: UnitOfWork, envelope: Envelope) -> bool:
    """Whether it would take a place of its own: it is neither known nor the next of its source."""
    document = unit.document
    is_known = envelope.sequence in document.waiting.get(envelope.service, {})
    return not is_known and envelope.sequence > document.seen.get(envelope.service, 0) + 1


def receive(unit: UnitOfWork, envelope: Envelope, entry: WaitingEntry, reader: Reader) -> bool:
    """Give an entry its place in its source's order, and drain the source. A known one is dropped: return False.

    An entry that is stuck, or will be when its turn comes, gives way to another copy of the same fact with other
    bytes: the publisher has mended it.
    """
    document, service = unit.document, envelope.service
    if entry.sequence <= document.seen.get(service, 0):
        return False
    queue = document.waiting.setdefault(service, {})
    known = queue.get(entry.sequence)
    if known is None or (differs(known, entry) and (known.is_stuck or not reader.can_read(known))):
        queue[entry.sequence] = entry
        unit.changed = True
    drain(unit, service, reader, arrived=(entry, envelope))
    return True


def differs(known: WaitingEntry, entry: WaitingEntry) -> bool:
    """Whether these copies of one fact differ in their bytes."""
    is_known_by_place = known.reason == NO_ROOM and known.origin == entry.origin
    return not is_known_by_place and (known.value, known.headers) != (entry.value, entry.headers)


def drain(
    unit: UnitOfWork,
    service: str,
    reader: Reader,
    again: int | None = None,
    arrived: tuple[WaitingEntry, Envelope] | None = None,
) -> None:
    """Apply entries of a source while the next in sequence is there and can be taken.

    `again` is tried though stuck; `arrived` is an entry whose envelope has just been read.
    """
    document = unit.document
    queue = document.waiting.get(service, {})
    while (entry := queue.get(document.seen.get(service, 0) + 1)) is not None:
        if entry.is_stuck and entry.sequence != again:
            break
        envelope = arrived[1] if arrived and entry is arrived[0] else None
        if not entry.is_given_up and (reason := reader.take(unit, entry, envelope)):
            _mark_stuck(unit, entry, reason, reader)
            break
        del queue[entry.sequence]
        document.seen[service] = entry.sequence
        unit.changed = True
    _settle(unit, service, reader)


def _mark_stuck(unit: UnitOfWork, entry: WaitingEntry, reason: str, reader: Reader) -> None:
    is_new, entry.reason = entry.reason is None, reason
    unit.changed = True
    if is_new:
        unit.copy_to_dead_letters(entry, reader.service)


def _settle(unit: UnitOfWork, service: str, reader: Reader) -> None:
    """Say of each entry that stays why it waits, and of the document whether an operator is needed."""
    document = unit.document
    queue = document.waiting.get(service, {})
    lowest = min(queue, default=0)
    reason = BEHIND_ENTRY if lowest == document.seen.get(service, 0) + 1 else BEHIND_GAP
    for entry in queue.values():
        if entry.reason is None:
            entry.reason = reason
            unit.changed = True
            unit.copy_to_dead_letters(entry, reader.service)
    if not queue:
        document.waiting.pop(service, None)
    unit.note_parking(queue[lowest].reason or reason if queue else "resolved")
