"""The inbox of a kind whose facts come by another key than their subject: a patient, a document, a provider (ADR 23).

Of a subject's facts such an aggregate gets some, so their numbers have gaps that never fill, and nothing waits for one.
Instead it keeps which numbers it has taken in, as ranges by source and subject, in the same write as their effect.

Promised: a fact takes effect once in the aggregate that `key_of` names, or is kept where operators see it, however
often and late it comes. Not promised: order. A subject's facts come as they were published, but one that was refused or
could not be read is replayed after its successors, and facts of two subjects come in any order. A reaction that minds
compares the envelope's `sequence` with what its state remembers.

Where a subject's key changes, as when an order is amended to name another patient, each fact goes to the aggregate that
it names itself: the former one hears nothing of that, unless a fact that names it says so. The same fact must always
give the same key: for another rule, begin another kind.

An aggregate grows with the subjects that reach it, by some ninety bytes each and twenty for each further run of
numbers: a patient or a document stays small, while one with a hundred thousand subjects comes near to the 16 MB that
the store takes. Replicas read by the partition of the subject, so several may save one aggregate at a time; those that
lose decide again.
"""

from bisect import bisect
from dataclasses import dataclass

from shared.contracts.catalogue import FACTS
from shared.contracts.envelope import Envelope, from_headers
from shared.contracts.language import tenant_of
from shared.engine.commands import WorkItem
from shared.engine.document import FULL, Ranges, WaitingEntry
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Unreadable, Unusable
from shared.messaging.inbox import USABLE_KEY, Delivery, Reader, differs, entry_of, keep_unsequenced
from shared.ports import Received


def deliver(reader: Reader, record: Received) -> WorkItem | None:
    """A record as an item for the aggregate that it is for; None where it is for none of this kind."""
    if reader.key_of is None:
        return Delivery(reader, record)
    try:
        envelope = from_headers(record.headers, record.key, record.topic)
    except Unreadable as error:
        return Unaddressed(reader, record, f"{error.pointer}: {error.detail}")
    try:
        key = _key_of(reader, envelope, record.value)
    except Unreadable as error:
        return Unaddressed(reader, record, error.detail)
    except Exception as error:  # noqa: BLE001 - whatever it is, this record waits and the others flow
        return Unaddressed(reader, record, f"failed:{type(error).__name__}")
    if key is None:
        reader.count("skipped", 1)
        return None
    return KeyedDelivery(reader, record, key, envelope)


def _key_of(reader: Reader, envelope: Envelope, value: bytes | None) -> str | None:
    fact = reader.fact_of(envelope, value)
    if fact is None:
        reader.count("foreign", envelope.type not in FACTS)
    key = reader.key_of(fact, envelope) if fact and reader.key_of else None
    if key is not None and not (USABLE_KEY.fullmatch(key) and USABLE_KEY.fullmatch(envelope.subject)):
        raise Unreadable("", "unusable-key")
    if key is not None and tenant_of(key) != envelope.tenant:
        raise Unreadable("", "key-of-another-tenant")
    return key


@dataclass(frozen=True)
class KeyedDelivery:
    """One fact for the aggregate that its key names. Safe to apply any number of times."""

    reader: Reader
    record: Received
    key: str
    envelope: Envelope

    def apply(self, unit: UnitOfWork) -> bool | Unusable:
        """Take it in as it comes: apply it, or keep it with the reason. Return whether it was new.

        Unusable where it must be kept, and the document keeps no more of such records.
        """
        document, of = unit.document, (self.envelope.service, self.envelope.subject)
        entry = entry_of(self.record, self.envelope.sequence, unit.now)
        if covers(document.applied.get(of, []), entry.sequence):
            return self._mend(unit, entry)
        reason = self.reader.take(unit, entry, self.envelope)
        if reason and document.is_full:
            return Unusable(self.key, FULL)
        document.applied[of] = including(document.applied.get(of, []), entry.sequence)
        unit.changed = True
        if reason:
            _keep(unit, entry, reason, self.reader)
        return True

    def _mend(self, unit: UnitOfWork, entry: WaitingEntry) -> bool:
        """A copy of a fact that is kept, with other bytes, takes its place: the publisher has mended it."""
        kept = unit.document.unsequenced
        known = next((each for each in kept.values() if each and _fact(each) == _fact(entry)), None)
        if known is None or not differs(known, entry):
            return False
        del kept[known.origin]
        unit.changed = True
        if reason := self.reader.take(unit, entry, self.envelope):
            _keep(unit, entry, reason, self.reader)
        unit.note_parking("resolved")
        return True


def _fact(entry: WaitingEntry) -> tuple[str, bytes | None, int]:
    """Which fact it is: its source has the topic, and its subject is the record's key."""
    return entry.topic, entry.key, entry.sequence


def _keep(unit: UnitOfWork, entry: WaitingEntry, reason: str, reader: Reader) -> None:
    """Its number counts as taken in, so what is kept here is the only copy: others are dropped."""
    entry.reason = reason
    unit.document.unsequenced[entry.origin] = entry
    unit.copy_to_dead_letters(entry, reader.service)
    unit.note_parking(reason)


@dataclass(frozen=True)
class ReplayKept:
    """Try a fact again that was kept in the aggregate that it is for."""

    key: str
    origin: str
    reader: Reader

    def apply(self, unit: UnitOfWork) -> None:
        """Apply it if it is still kept; where it is refused again it stays, with the reason of now."""
        kept = unit.document.unsequenced
        if (entry := kept.get(self.origin)) is None:
            return
        entry.reason, unit.changed = self.reader.take(unit, entry), True
        if entry.reason is None:
            del kept[self.origin]
        unit.note_parking("resolved")


@dataclass(frozen=True)
class Unaddressed:
    """A record of which nobody can say for which aggregate it is: it waits in a document of its own."""

    reader: Reader
    record: Received
    reason: str

    @property
    def key(self) -> str:
        """Its origin, behind the subject where the record's key names one: so it is seen by its tenant's operators."""
        subject, origin = Delivery(self.reader, self.record).key, self.record.origin
        return origin if subject == origin else f"{subject}:{origin}"

    def apply(self, unit: UnitOfWork) -> bool | Unusable:
        """Keep it, once. Return whether it was new."""
        return keep_unsequenced(unit, self.record, self.reader, self.reason)


def covers(ranges: Ranges, number: int) -> bool:
    """Whether a number is in one of the ranges."""
    place = _place(ranges, number)
    return place > 0 and number <= ranges[place - 1][1]


def including(ranges: Ranges, number: int) -> Ranges:
    """The ranges and a number that is in none of them, in as few runs as there can be."""
    place = _place(ranges, number)
    below, above, first, last = ranges[:place], ranges[place:], number, number
    if below and below[-1][1] == number - 1:
        first, _ = below.pop()
    if above and above[0][0] == number + 1:
        _, last = above.pop(0)
    return [*below, (first, last), *above]


def _place(ranges: Ranges, number: int) -> int:
    """How many of the ranges begin at the number or below it."""
    return bisect(ranges, number, key=lambda run: run[0])
