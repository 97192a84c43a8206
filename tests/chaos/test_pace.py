import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.chaos.pace import STEP, Pace
from tests.chaos.run import storm
from tests.support.memory import Disk, MemoryClock, Weather
from tests.support.memory.disk import EPOCH

DEADLINE_S, ENOUGH_LOOKS = 60, 2


class Movable(MemoryClock):
    """A clock in memory that may be moved."""

    async def move_to(self, instant: Any) -> None:
        """Move the disk's offset."""
        self._disk.offset += max(instant - self._disk.now(), timedelta())


class Broken(Movable):
    """A clock that fails otherwise than in an outage when it is moved."""

    async def move_to(self, instant: Any) -> None:
        """Fail."""
        raise ValueError("a defect of the clock")


class Collection:
    """A collection that is as far as it is told to be."""

    def __init__(self, **progress: Any) -> None:
        self._progress = progress
        self.asked = 0

    async def open_work(self) -> dict[str, Any]:
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


class TestStorm:
    async def test_does_not_go_on_in_standing_time(self) -> None:
        """Faults under which no deadline comes prove less than they say."""
        never = asyncio.Event()

        with pytest.raises(ExceptionGroup) as failed:
            async with asyncio.timeout(10):
                await storm(waits(never), waits(never), Pace(Broken(Disk(), Weather()), ()))
        assert ["a defect of the clock"] == [str(error) for error in failed.value.exceptions]

    async def test_ends_with_faults_and_load(self) -> None:
        """Time alone would go on for ever."""
        over, pace = asyncio.Event(), Pace(Movable(Disk(), Weather()), ())
        over.set()

        async with asyncio.timeout(10):
            await storm(waits(over), waits(over), pace)


async def waits(until: asyncio.Event) -> None:
    """Faults or load that are over when they are told so."""
    await until.wait()
