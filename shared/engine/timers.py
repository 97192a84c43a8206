"""The clock door: durable timers (ADR 1). `wake_at` in the document is the only record of a timer.

The assignment says which replica is first to wake a document, never which may: what is overdue by more than a
grace is woken by anybody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shared.contracts.language import Actor, Tick
from shared.effects.protocol import backoff
from shared.engine import Engine
from shared.engine.batch import Failure
from shared.engine.document import Cause
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Busy, Unavailable, Unknown
from shared.ports import Clock, Subscription

PAGE = 200
GRACE = timedelta(seconds=10)
SWEEP_S = 3.0
SWEPT_AT_ONCE = 50
CLOCK = Actor(kind="clock", id="clock")


class TimerIgnored(Exception):
    """A deadline has come, and the decider did nothing about it. Names the kind of its state."""


@dataclass(frozen=True)
class Wake:
    """Decide everything that is due in one document by `now`, the instant of the round."""

    key: str
    now: datetime

    def apply(self, unit: UnitOfWork) -> Exception | None:
        """Tick the domain if a deadline has come. Whatever happens, `wake_at` moves past now.

        What is still due then is a strike: it is tried again later, and why is returned.
        """
        document = unit.document
        if document.wake_at is None or document.wake_at > self.now:
            return None
        unit.changed = True
        unit.publish_lasting_tasks()
        fault = self._whatever_is_due(unit)
        if fault:
            document.timer_failures += 1
            document.retry_at = unit.now + backoff(document.timer_failures, document.id)
        else:
            document.timer_failures, document.retry_at = 0, None
        return fault

    def _whatever_is_due(self, unit: UnitOfWork) -> Exception | None:
        try:
            unit.publish_lasting_tasks()
            is_ticked = not unit.document.is_parked and self._is_due(unit)
            fault = self._tick(unit) if is_ticked else None
            return fault or TimerIgnored(type(unit.state).__name__) if is_ticked and self._is_due(unit) else None
        except Exception as fault:  # noqa: BLE001 - a document that cannot be woken must not hold up the others
            return fault

    def _is_due(self, unit: UnitOfWork) -> bool:
        due = unit.decider.next_due(unit.state)
        return due is not None and due <= unit.now

    def _tick(self, unit: UnitOfWork) -> Exception | None:
        try:
            unit.decide(Tick(at=unit.now, by=CLOCK, channel="clock"), Cause())
        except Exception as fault:  # noqa: BLE001 - a document that cannot be woken must not hold up the others
            return fault
        return None


class Timers:
    """Wakes due documents of one engine, each `poll_s` seconds. `on_error` gets the fault of one that fails."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        slots: Subscription,
        random: Random,
        on_error: Callable[[BaseException], None],
        poll_s: float = 1.0,
    ) -> None:
        self._engine, self._clock, self._slots, self._random = engine, clock, slots, random
        self._on_error, self._poll_s = on_error, poll_s
        self._swept_at = 0.0
        self._resting: dict[str, tuple[int, float]] = {}
        """By document that could not be used: how often in a row, and until when it is left alone."""

    async def run(self) -> None:
        """Wake, without end. A machine whose clock is off, or a store that is down, costs rounds and nothing else."""
        while True:
            try:
                while await self.round() == PAGE:
                    pass
            except (Unavailable, Unknown, Busy):
                self._engine.count("unavailable", 1)
            await self._clock.sleep(self._poll_s * self._random.uniform(0.8, 1.2))

    async def round(self) -> int:
        """One round: the earliest due documents of our slots, and now and then a few of anybody's. Return how many."""
        now = await self._clock.read()
        mine = await self._due(now, self._slots.assigned())
        late = await self._overdue(now)
        await self._wake([*mine, *(key for key in late if key not in mine)], now)
        return len(mine)

    async def _overdue(self, now: datetime) -> Sequence[str]:
        if self._clock.monotonic() < self._swept_at + SWEEP_S:
            return ()
        self._swept_at = self._clock.monotonic()
        late = await self._due(now - GRACE, None)
        return self._random.sample(late, min(len(late), SWEPT_AT_ONCE))

    async def _due(self, now: datetime, slots: Sequence[int] | None) -> list[str]:
        """The earliest due documents, without those that rest: these stay due, and must not hide the others."""
        at_s = self._clock.monotonic()
        due = await self._engine.store.due(now, slots, PAGE + len(self._resting))
        return [key for key in due if self._resting.get(key, (0, 0.0))[1] <= at_s][:PAGE]

    async def _wake(self, keys: Sequence[str], now: datetime) -> None:
        if keys:
            self._engine.count("wakes", len(keys))
            outcomes = await self._engine.handle([Wake(key, now) for key in keys])
            for key, outcome in zip(keys, outcomes, strict=True):
                self._note(key, outcome)

    def _note(self, key: str, outcome: Exception | None) -> None:
        tries = self._resting.pop(key, (0, 0.0))[0]
        if isinstance(outcome, Failure):
            self._resting[key] = tries + 1, self._clock.monotonic() + backoff(tries + 1, key).total_seconds()
        elif outcome:
            self._engine.count("strikes", 1)
            self._on_error(outcome)
