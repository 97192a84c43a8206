"""One unit of work: a document under change in memory. Decide, fold, publish, and say what becomes due.

Nothing here waits or reaches out; work items of every door (HTTP, Kafka, timers, effects) are applied to a unit.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.catalogue import wire_type
from shared.contracts.envelope import dead_letter_topic, topic_of
from shared.contracts.language import Actor, EffectNeedsPerson, Fact, Reason, Task
from shared.contracts.processing import ReferralParked, ReferralUnparked, StepChanged
from shared.effects import protocol as calls
from shared.effects.archive import forget_settled
from shared.effects.protocol import LEASE, Begun
from shared.effects.stored import record_to_stored
from shared.engine.decider import Decider, is_public
from shared.engine.document import Cause, Document, OutboxEntry, WaitingEntry, tasks_of
from shared.errors import Rejected
from shared.ports import Answer, Stored, Traits

FACT_BYTES = 256 * 1024
TASK_LASTS = timedelta(seconds=5)
"""A task of the system's own is published once it has lasted this long; mostly the fact that ends it comes first."""
_Mark = tuple[object, tuple[int, datetime | None], int, int, int, bool]


class UnitOfWork:
    """One document under change. `changed` says whether there is anything to save.

    `begun` are calls that its save writes down, and when by the monotonic clock.
    """

    def __init__(
        self, decider: Decider, document: Document, now: datetime, service: str | None, traits: Mapping[str, Traits]
    ) -> None:
        self.decider = decider
        self.document = document
        self.now = now
        self.changed = False
        self.rows: list[Stored] = []
        self.begun: list[tuple[Begun, float]] = []
        self._entries_before = document.entries
        self._tasks: tuple[object, tuple[Task, ...]] | None = None
        self._service = service
        self._tells_its_work = service is not None and decider.is_referral
        self._traits = traits

    @property
    def state(self) -> Any:
        """The state as folded so far."""
        return self.document.state

    def decide(self, command: Any, cause: Cause) -> list[Any]:
        """Decide a command and fold what follows. When it raises, nothing has changed."""
        if self.document.is_parked:
            command = replace(command, parked=self.document.unread_sources)
        before, known = self._mark(), self.tasks() if self._tells_its_work else ()
        try:
            facts = list(self.decider.decide(command, self.document.state))
            for fact in facts:
                self._fold(fact, cause)
                known = self.tasks() if is_public(fact) else known
            if self._tells_its_work and self.tasks() != known:
                self._note_tasks(known, cause)
            if facts:
                self._reconcile()
        except Exception:
            self._restore(before)
            raise
        return facts

    def _note_tasks(self, known: tuple[Task, ...], cause: Cause) -> None:
        """Tasks that no fact has carried. That a person must act, or need not any more, is published at once.

        A task of the system's own is published only if it lasts.
        """
        tasks = self.tasks()
        changed = [task for task in tasks if task not in known] or [task for task in known if task not in tasks]
        if not tasks or any(task.owner != "system" for task in changed):
            self._publish(StepChanged(**self._about_us()), cause)
        elif self.document.tasks_unpublished_since is None:
            self.document.tasks_unpublished_since = self.now

    def publish_lasting_tasks(self) -> None:
        """Publish tasks that have lasted and that no fact has carried."""
        since = self.document.tasks_unpublished_since
        if since is not None and since + TASK_LASTS <= self.now:
            self._publish(StepChanged(**self._about_us()), Cause())

    def _mark(self) -> _Mark:
        document = self.document
        published = document.sequence, document.tasks_unpublished_since
        return document.state, published, document.entries, len(document.outbox), len(self.rows), self.changed

    def _restore(self, mark: _Mark) -> None:
        document = self.document
        document.state, published, document.entries, outbox, rows, self.changed = mark
        document.sequence, document.tasks_unpublished_since = published
        del document.outbox[outbox:], self.rows[rows:]

    def _fold(self, fact: Any, cause: Cause) -> None:
        self.changed = True
        before = self.document.state
        self.document.state = self.decider.evolve(before, fact)
        if self.decider.row_of and (row := self.decider.row_of(before, fact)):
            self.rows.append(row)
        if is_public(fact):
            self._publish(fact, cause)

    def _publish(self, fact: Fact, cause: Cause) -> None:
        if self._service is None:
            raise TypeError("This aggregate publishes nothing: its facts are private.")
        document = self.document
        document.sequence += 1
        document.tasks_unpublished_since = None
        body = fact.with_tasks(self.tasks()).model_dump_json().encode()
        if len(body) > FACT_BYTES:
            raise Rejected("fact-too-large", "The fact is larger than 256 KiB; send documents by reference.")
        self._enqueue(
            sequence=document.sequence,
            topic=topic_of(self._service),
            type=wire_type(type(fact)),
            body=body,
            causationid=cause.id,
            traceparent=cause.traceparent,
        )

    def _enqueue(self, **entry: Any) -> None:
        self.changed = True
        self.document.entries += 1
        self.document.outbox.append(OutboxEntry(n=self.document.entries, time=self.now, **entry))

    def copy_to_dead_letters(self, entry: WaitingEntry, reader: str) -> None:
        """Queue a copy of what could not be taken, for operators' eyes; it takes no sequence of our story."""
        self.document.make_room(entry)
        topic = dead_letter_topic(entry.origin.rsplit(":", 2)[0])
        self._enqueue(sequence=0, topic=topic, type="", body=entry.value, headers=entry.dead_letter_headers(reader))

    def tasks(self) -> tuple[Task, ...]:
        """Who must do what by when, worked out once for each state."""
        if self.document.is_parked:
            return tasks_of(self.decider, self.document)
        if self._tasks is None or self._tasks[0] is not self.document.state:
            self._tasks = self.document.state, tasks_of(self.decider, self.document)
        return self._tasks[1]

    def note_parking(self, reason: str) -> None:
        """After something was parked or resolved: publish that, once, if this aggregate tells of its work."""
        document = self.document
        if document.something_waits == document.is_parked:
            return
        document.is_parked = document.something_waits
        document.parked_at = self.now if document.is_parked else None
        self.changed = True
        if self._tells_its_work and not document.holds_only_records:
            ours, because = self._about_us(), Reason(system="throughline", code=reason)
            self._publish(
                ReferralParked(reason=because, **ours) if document.is_parked else ReferralUnparked(**ours), Cause()
            )

    def _about_us(self) -> dict[str, Any]:
        """Attribution of what the service publishes about its own work."""
        return {
            "occurred_at": self.now,
            "recorded_by": Actor(kind="service", id=self._service or "engine"),
            "channel": "kafka",
            "referral_id": self.document.id,
        }

    def _reconcile(self) -> None:
        """Hold the records of effects against what the state owes now."""
        wanted = {f"{each.kind}:{each.revision}": each for each in self.decider.wanted_effects(self.document.state)}
        if unknown := {effect.kind for effect in wanted.values()} - self._traits.keys():
            raise KeyError(f"No gateway was wired for effects of kind {sorted(unknown)}.")
        for key, record in self.document.calls.items():
            if key not in wanted:
                calls.cancel(record)
        for key, effect in wanted.items():
            if key not in self.document.calls:
                self.document.calls[key] = calls.record_of(effect)
        forget_settled(self.document.calls)

    @property
    def can_defer(self) -> bool:
        """Whether nobody outside can notice a later save: nothing is published, and no call is due."""
        return (
            self.changed
            and self.document.entries == self._entries_before
            and all(when > self.now for _, _, when in self.due_effects())
        )

    def due_effects(self) -> list[tuple[calls.EffectRecord, calls.NextAction, datetime]]:
        """What the effects owe. While parked only withdrawals go on: nothing new is started on half a story."""
        due = calls.due_effects(self.document.calls, self._traits)
        return [d for d in due if d[1] in ("withdraw", "rest")] if self.document.is_parked else due

    def called(self, key: str) -> Begun:
        """The call of the effect `key` that is written down."""
        return calls.begun(self.document.id, self.document.calls[key], self.state)

    def begin(self, key: str, token: str) -> calls.LiveCall | None:
        """Write down the call that effect `key` owes now, if any. The domain learns that a person is needed."""
        for record, act, when in self.due_effects():
            if record.key == key and when <= self.now:
                self.changed = True
                had_person, in_doubt = record.has_person, record.is_in_doubt or record.call is not None
                call = calls.begin(record, act, self.now, token)
                if record.has_person and not had_person:
                    self._escalate(record, in_doubt=in_doubt)
                return call
        return None

    def answer(self, key: str, number: int | None, answer: Answer, cause: Cause) -> None:
        """Fold what the outside said, and decide what it means to the domain, in the same write."""
        record = self.document.calls.get(key)
        if record:
            before, had_person = record_to_stored(record), record.has_person
            calls.fold(record, number, answer, self.now, self._traits[record.kind])
            self.changed = self.changed or before != record_to_stored(record)
            if record.has_person and not had_person:
                self._escalate(record, in_doubt=record.is_in_doubt)
        if answer.command is not None:
            self.decide(answer.command, cause)

    def _escalate(self, record: calls.EffectRecord, *, in_doubt: bool) -> None:
        self.decide(
            EffectNeedsPerson(
                at=self.now,
                by=Actor(kind="service", id=self._service or "engine"),
                channel="effect",
                kind=record.kind,
                effect_revision=record.revision,
                in_doubt=in_doubt,
            ),
            Cause(),
        )

    def wake_at(self, lease: timedelta = LEASE) -> datetime | None:
        """The earliest instant at which somebody must look. Deadlines of the state rest while parked."""
        document = self.document
        due = [when if when > self.now else self.now + lease for _, _, when in self.due_effects()]
        if document.tasks_unpublished_since:
            due.append(document.tasks_unpublished_since + TASK_LASTS)
        if not document.is_parked and (instant := self.decider.next_due(document.state)):
            due.append(instant)
        earliest = min(due, default=None)
        return max(earliest, document.retry_at) if earliest and document.retry_at else earliest
