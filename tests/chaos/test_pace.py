import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.chaos.pace import STEP, Pace
from tests.support.memory import Disk, MemoryClock, Weather
from tests.support.memory.disk import EPOCH

DEADLINE_S, ENOUGH_LOOKS = 60, 2


class Movable(MemoryClock):
    """A clock in memory that may be moved."""

    async def move_to(self, instant: Any) -> None:
        """Move the disk's offset."""
        self._disk.offset += max(instant - self._disk.now(), timedelta())


class Collection:
    """A collection that is as far as it is told to be."""

    def __init__(self, **progress: Any) -> None:
        self._progress = progress
        self.asked = 0

    async def progress(self) -> dict[str, Any]:
        """How far."""
        self.asked += 1
        return self._progress


async def passed(*collections: Collection) -> timedelta:
    """How much time passes by the first step; none, when looks at all of them were not followed by one."""
    pace = Pace(Movable(Disk(), Weather()), collections)
    running = asyncio.ensure_future(pace.run())
    async with asyncio.timeout(DEADLINE_S):
        while not pace.passed and any(collection.asked < ENOUGH_LOOKS for collection in collections):
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return pace.passed


class TestPace:
    async def test_goes_by_in_steps(self) -> None:
        """Facts may wait while hours go by, as they do in an outage."""
        assert timedelta() < await passed(Collection(calls=0, unpublished=3)) < 2 * STEP

    @pytest.mark.parametrize("busy", [{"calls": 1}, {"calls": 0, "next_wake_at": EPOCH}])
    async def test_waits_for_calls_and_for_what_is_due(self, busy: dict[str, Any]) -> None:
        """How long a call may still land is counted on this clock; a deadline is met before the next is reached."""
        assert timedelta() == await passed(Collection(calls=0), Collection(**busy))
