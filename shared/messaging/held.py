"""What a document cannot take now waits in one beside it, and is given back by itself (ADR 18).

A document that is broken in the store, too large or full must not stall its partition, and no fact of it may be lost:
its records are kept in the document `held:{id}`, where operators see them. Now and then each is tried again.
Also given back here are facts that an older program could not read, once a newer one runs.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from shared.backoff import pause_s
from shared.engine import Engine
from shared.engine.batch import Failure
from shared.engine.document import FULL, HELD, NO_ROOM, WaitingEntry
from shared.engine.unit_of_work import UnitOfWork
from shared.engine.working_set import UNDECODABLE
from shared.errors import Busy, Newer, Unavailable, Unknown, Unreadable, Unusable
from shared.messaging.inbox import WAITS_FOR_UPGRADE, Reader, entry_of
from shared.messaging.keyed import deliver
from shared.messaging.parked import CloseUnsequenced, ReplayEntry, parked_documents, record_of, replay_unsequenced
from shared.ports import Clock, Received

THE_DOCUMENT = "document:0:0"
"""In place of a record's origin: that the document itself cannot be used."""
ROUND_S, LONGEST_S = 10.0, 30.0
REPLAYED_EACH = 6
"""In so many rounds once, and in the first, what was too new for others is tried: they may park more as they end."""
PAGE = 20
"""Documents that hold records may be large."""


@dataclass(frozen=True)
class Hold:
    """Keep a record (None: only the news) beside the document `about`, which cannot take it now."""

    about: str
    reason: str
    record: Received | None = None
    is_alone: bool = False

    @property
    def key(self) -> str:
        """The document beside it; one of the record's own where that one takes no more."""
        return f"{HELD}{self.about}:{self.record.origin}" if self.record and self.is_alone else f"{HELD}{self.about}"

    def apply(self, unit: UnitOfWork) -> bool | Unusable:
        """Keep it, once. Return whether that was new."""
        document, origin = unit.document, self.record.origin if self.record else THE_DOCUMENT
        if document.unsequenced.get(origin) or (self.record and origin in document.unsequenced):
            return False
        if document.is_full:
            return Unusable(self.key, FULL)
        document.unsequenced[origin] = entry = self._entry(unit)
        document.make_room(entry)
        unit.changed = True
        unit.note_parking("held")
        return True

    def _entry(self, unit: UnitOfWork) -> WaitingEntry:
        reason = f"document-{self.reason}"
        if self.record:
            return entry_of(self.record, 0, unit.now, reason)
        return WaitingEntry(0, THE_DOCUMENT, [], self.about.encode(), None, unit.now, reason)


async def hold(engine: Engine, failed: Sequence[tuple[Received, Failure]]) -> None:
    """Keep records that their documents could not take. Raises Newer or Busy where that is why, and as `Engine.do`.

    A record without a usable key is in a document of its own already, broken as that may be.
    """
    for _, failure in failed:
        if isinstance(failure, (Newer, Busy)):
            raise failure
    unusable = [(record, why) for record, why in failed if isinstance(why, Unusable)]
    holds = [Hold(why.key, why.why, record) for record, why in unusable if ":" not in why.key]
    outcomes = await engine.handle(holds)
    pairs = zip(holds, outcomes, strict=True)
    alone = [replace(each, is_alone=True) for each, outcome in pairs if isinstance(outcome, Unusable)]
    kept_alone = await engine.handle(alone)
    for outcome in [*outcomes, *kept_alone]:
        if isinstance(outcome, Busy):
            raise outcome
    lost = [each for each, outcome in zip(alone, kept_alone, strict=True) if isinstance(outcome, Unusable)]
    for each in lost:
        _say_it_is_kept_nowhere(each)
    engine.count("held", len(holds) - len(lost))


def _say_it_is_kept_nowhere(passed_over: Hold) -> None:
    """Its topic has it still, and what follows it parks behind the gap: the partition goes on."""
    if record := passed_over.record:
        structlog.get_logger().error(
            "a record could not be kept: its own document is broken, too",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )


def about(held_id: str) -> str:
    """The id of the document that the records of a `held:` document are for."""
    return held_id.removeprefix(HELD).partition(":")[0]


class Returns:
    """Gives back what is held, for one engine. `reader` is None for aggregates that consume nothing."""

    def __init__(
        self,
        engine: Engine,
        reader: Reader | None,
        clock: Clock,
        chance: Callable[[], float],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._engine, self._reader, self._clock, self._chance = engine, reader, clock, chance
        self._on_error = on_error
        self._rounds = 0
        self._reported: set[str] = set()
        self._resting: dict[str, tuple[int, float]] = {}

    async def run(self) -> None:
        """Look, without end. A fault costs a round."""
        while True:
            try:
                await self.round()
            except (Unavailable, Unknown, Busy):
                self._engine.count("unavailable", 1)
            except Exception as error:  # noqa: BLE001 - nothing that is held may end the service that holds it
                self._on_error(error)
            await self._clock.sleep(pause_s(0, ROUND_S, ROUND_S, self._chance()))

    async def round(self) -> None:
        """Report documents that cannot be used, then give back what can be."""
        await self._report()
        after = HELD
        while page := await self._engine.store.parked(after, PAGE):
            for held in self._engine.usable(page):
                if held.id.startswith(HELD):
                    with suppress(Unusable):
                        await self._give_back(held.id)
            after = page[-1]["_id"]
            if not after.startswith(HELD):
                break
        self._rounds += 1
        if self._reader and self._rounds % REPLAYED_EACH == 1:
            await self._replay(self._reader)

    async def _report(self) -> None:
        """That a document is broken stands beside it, so that operators see it whoever met it."""
        unusable = self._engine.working_set.unusable
        self._reported &= unusable.keys()
        news = {key: why for key, why in unusable.items() if key not in self._reported and not key.startswith(HELD)}
        for key, why in news.items():
            structlog.get_logger().error("a document cannot be used", referral_id=key, reason=why)
        broken = [Hold(key, why) for key, why in news.items() if why.startswith(UNDECODABLE)]
        await self._engine.handle(broken)
        self._reported.update(news)

    async def _give_back(self, held_id: str) -> None:
        tries, until = self._resting.get(held_id, (0, 0.0))
        if self._clock.monotonic() < until:
            return
        self._resting[held_id] = tries + 1, self._clock.monotonic() + pause_s(tries, ROUND_S, LONGEST_S, self._chance())
        await self._engine.read(about(held_id))
        held = await self._engine.read(held_id)
        if held is None:
            return
        unsequenced = sorted((entry for entry in held.unsequenced.values() if entry), key=_place)
        closed = [entry for entry in unsequenced if entry.origin == THE_DOCUMENT]
        records = [entry for entry in unsequenced if entry not in closed and entry.reason != NO_ROOM]
        if self._reader and records:
            items = [(each, deliver(self._reader, record_of(each))) for each in records]
            closed += [each for each, item in items if item is None]
            ours = [(each, item) for each, item in items if item is not None]
            outcomes = await self._engine.handle([item for _, item in ours])
            closed += [each for (each, _), it in zip(ours, outcomes, strict=True) if not isinstance(it, Failure)]
        await self._engine.handle([CloseUnsequenced(held.id, entry.origin) for entry in closed])
        self._resting.pop(held.id, None)

    async def _replay(self, reader: Reader) -> None:
        """Try again the facts that were too new for whoever met them, and are not for us."""
        async for light in parked_documents(self._engine, page_size=PAGE):
            if any(map(_waits_for_upgrade, light.kept)):
                with suppress(Unusable):
                    await self._replay_in(light.id, reader)

    async def _replay_in(self, key: str, reader: Reader) -> None:
        document = await self._engine.read(key)
        if document is None:
            return
        for service, queue in document.waiting.items():
            for sequence, entry in sorted(queue.items()):
                if _waits_for_upgrade(entry) and reader.can_read(entry):
                    await self._engine.do(ReplayEntry(key, service, sequence, reader))
        for origin, unsequenced in document.unsequenced.items():
            if unsequenced and _waits_for_upgrade(unsequenced) and reader.can_read(unsequenced):
                with suppress(Unreadable):
                    await replay_unsequenced(self._engine, reader, key, origin)


def _waits_for_upgrade(entry: WaitingEntry) -> bool:
    return entry.reason in WAITS_FOR_UPGRADE


def _place(entry: WaitingEntry) -> tuple[str, int, int]:
    topic, partition, offset = entry.origin.rsplit(":", 2)
    return topic, int(partition), int(offset)
