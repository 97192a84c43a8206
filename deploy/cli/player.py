"""Moves the business clock forward: when nothing happens any more, it jumps to the next thing that is due.

It moves the clock of every process at once, and only where the clock is movable.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from deploy.cli.exits import Code, Failure
from deploy.cli.quiet import Backlog, Look, Progress, unrest
from deploy.cli.reach import Reach
from deploy.platform import registry
from shared.errors import Unavailable
from shared.ports import Clock

Answer = TypeVar("Answer")

_NOTICED_S, _POLL_S = 0.15, 0.08
_PARKED_LOOKS = 20
"""While something is parked, counts cannot prove that all was consumed: then so many equal looks are needed."""
_PATIENCE_S = 120.0
"""If nothing has changed for so long, nothing will."""
_LONGEST_S = 1800.0
_FINE, _COARSE = timedelta(hours=1), timedelta(hours=4)
_FINE_FOR = timedelta(days=2)
"""In the first days much happens at short intervals, so time moves by the hour; later it moves by four hours."""


class MovableClock(Clock, Protocol):
    """A clock that may be moved; shared.mongo.MongoClock is one."""

    async def move_to(self, instant: datetime) -> None:
        """From now on it is `instant` and later, never earlier than before."""


@dataclass(frozen=True)
class Move:
    """One jump of the clock."""

    before: datetime
    after: datetime


@dataclass(frozen=True)
class Plan:
    """An act of somebody at an instant of the story."""

    at: datetime
    act: Callable[[], Awaitable[None]]


async def look(reach: Reach) -> Look:
    """Ask every service and the simulators how far they are. Raises Failure where one does not answer."""
    names = registry.names()
    *found, backlog = await asyncio.gather(
        *(reach.get(name, "/v1/progress?totals=true") for name in names), reach.get("simulators", "/agenda")
    )
    services = {name: Progress.model_validate(progress) for name, progress in zip(names, found, strict=True)}
    return Look(services=services, backlog=Backlog.model_validate(backlog))


async def patiently(ask: Callable[[], Awaitable[Answer]], patience_s: float = _PATIENCE_S) -> Answer:
    """Ask the clock until it answers. Raises Failure when it does not for too long.

    Only what was not done is asked again: a move that was perhaps done might otherwise be made twice.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return await ask()
        except Unavailable as error:
            if time.monotonic() >= deadline:
                remedy = "Compare the clocks of both machines, or look at its log."
                raise Failure("The database did not tell the time.", remedy, Code.UNREACHABLE) from error
            await asyncio.sleep(_POLL_S)


@dataclass
class Player:
    """Plays a story from quiet to quiet. `look_around` may fail for a while: then nothing moves."""

    clock: MovableClock
    look_around: Callable[[], Awaitable[Look]]
    on_move: Callable[[datetime], Awaitable[None]]
    remedy: str = "Look at the log of that part."
    monotonic: Callable[[], float] = time.monotonic
    moves: list[Move] = field(default_factory=list, init=False)

    async def begin(self, start: datetime) -> None:
        """Wait until all earlier work is done, and move to the start of the story."""
        await self.settle()
        await patiently(partial(self.clock.move_to, start))
        await self.settle()

    async def play(self, until: datetime, plans: Sequence[Plan] = ()) -> None:
        """Play until the instant, or until nothing is due any more. Raises Failure when work never ends."""
        waiting = sorted(plans, key=lambda plan: plan.at)
        coarse_from = await patiently(self.clock.read) + _FINE_FOR
        while True:
            quiet = await self.settle()
            target = _next(quiet, waiting, coarse_from)
            if target is None or target > until:
                return
            await self._move(target)
            while waiting and waiting[0].at <= target:
                await waiting.pop(0).act()

    async def settle(self) -> Look:
        """Wait until nothing happens any more, and return the look that proves it.

        However much is left to do, it is waited for as long as it becomes less; within half an hour.
        """
        since = await patiently(self.clock.read)
        began_s = moved_s = self.monotonic()
        last, equal, reason = None, 0, None
        while self.monotonic() < min(moved_s + _PATIENCE_S, began_s + _LONGEST_S):
            now, reason = await self._try_to_look(since)
            if now and (last is None or now.counters != last.counters):
                moved_s = self.monotonic()
            equal = equal + 1 if now and last and now.counters == last.counters and not reason else 0
            last = now
            if now and equal >= (_PARKED_LOOKS if now.is_parked else 1):
                return now
            if reason or (now and now.is_parked):
                await asyncio.sleep(_POLL_S)
        raise Failure(f"It never got quiet: {reason or 'counts keep changing'}.", self.remedy)

    async def _try_to_look(self, since: datetime) -> tuple[Look | None, str | None]:
        try:
            found = await self.look_around()
        except Failure as failure:
            return None, str(failure)
        return found, unrest(found, since, registry.consumes())

    async def _move(self, target: datetime) -> None:
        before = await patiently(self.clock.read)
        await patiently(partial(self.clock.move_to, target))
        self.moves.append(Move(before, max(target, before)))
        await self.on_move(target)
        await asyncio.sleep(_NOTICED_S)


def _next(quiet: Look, waiting: Sequence[Plan], coarse_from: datetime) -> datetime | None:
    instants = [quiet.next_due_at, *(plan.at for plan in waiting[:1])]
    earliest = min((instant for instant in instants if instant), default=None)
    if earliest is None:
        return None
    return rounded_up(earliest, _FINE if earliest < coarse_from else _COARSE)


def real_seconds(since: datetime, until: datetime, moves: Sequence[Move]) -> float:
    """The real seconds from one instant of the story to another, without the skipped time."""
    skipped = [min(until, move.after) - max(since, move.before) for move in moves]
    skip = sum((gap for gap in skipped if gap > timedelta()), timedelta())
    return (until - since - skip).total_seconds()


def rounded_up(instant: datetime, step: timedelta) -> datetime:
    """The next multiple of the step since midnight UTC: jumps are few, and every run lands on the same instants."""
    midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - instant) // step * step
