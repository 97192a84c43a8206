"""Lets time pass while faults strike: in hours, and never while an outbound call is under way.

A demo waits until all is quiet. Here something is always down, so facts may wait while hours go by, as they do
in an outage; but how long a call may still land is counted on the same clock, so calls are waited for.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Protocol

from deploy.cli.player import MovableClock, rounded_up
from shared.errors import Unavailable, Unknown

POLL_S = 0.25
STEP = timedelta(hours=2)
STEPS_PER_S = 4.0
"""At most so many steps in a second: a service that is down for ten seconds misses three days."""


class HowFar(Protocol):
    """What tells how far a collection is; shared.mongo.MongoStore is one."""

    async def open_work(self) -> dict[str, Any]:
        """Among other things `calls`, those under way, and `next_wake_at`."""


@dataclass
class Pace:
    """Moves the clock from step to step until it is cancelled."""

    clock: MovableClock
    collections: Sequence[HowFar]
    passed: timedelta = timedelta()

    async def run(self) -> None:
        """Move whenever nothing is under way or due, however far behind the services are."""
        while True:
            began_s = time.monotonic()
            try:
                await self._step()
            except (Unavailable, Unknown):
                await asyncio.sleep(POLL_S)
            await asyncio.sleep(max(1 / STEPS_PER_S - (time.monotonic() - began_s), 0))

    async def _step(self) -> None:
        now = await self.clock.read()
        found = await asyncio.gather(*(collection.open_work() for collection in self.collections))
        if any(progress.get("calls") for progress in found):
            return
        due = reduce(_earlier, (progress.get("next_wake_at") for progress in found), None)
        if due is None or due > now:
            await self.clock.move_to(rounded_up(now + STEP / 60, STEP))
            self.passed += await self.clock.read() - now


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((instant for instant in (one, other) if instant), default=None)
