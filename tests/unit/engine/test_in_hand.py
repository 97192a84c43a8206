"""Each aggregate is with one handler of a replica at a time: none decides on what another is about to replace."""

import asyncio
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.messaging.receive import Delivery
from tests.support.memory import EPOCH, Weather
from tests.support.tally import OTHER, REFERRAL, record
from tests.unit.engine.conftest import Bench


class Slow(Weather):
    """The first save takes until `go` is set; `begun` says that it is under way."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def step(self, name: str) -> None:
        """Wait."""
        if name == "save":
            self.begun.set()
            await self.go.wait()


@pytest.fixture
async def slow(bench: Bench) -> Slow:
    """A store whose saves wait."""
    bench.store.weather = weather = Slow()
    return weather


async def hear(bench: Bench, *keys: str) -> list[Any]:
    """As the consumer does it: what tells nothing may be saved later."""
    return await bench.engine.handle([Delivery(bench.reader, record(1, EPOCH, key)) for key in keys], may_wait=True)


class TestInHand:
    async def test_a_fact_is_put_off_on_what_another_handler_saves(self, bench: Bench, slow: Slow) -> None:
        """Not on what was there before: what follows from both would wait for the next pause, to be decided anew."""
        async with asyncio.TaskGroup() as handlers:
            handlers.create_task(bench.add())
            await slow.begun.wait()
            handlers.create_task(hear(bench, REFERRAL))
            await asyncio.sleep(0)
            slow.go.set()
        await bench.engine.settle()

        document = await bench.tally()
        assert (2, 1, ("intake1",)) == (document.version, document.state.count, document.state.heard)
        assert 0 == bench.counts["conflicts"]

    async def test_the_others_of_a_batch_do_not_wait(self, bench: Bench, slow: Slow) -> None:
        """One that is taken holds up itself."""
        async with asyncio.TaskGroup() as handlers:
            handlers.create_task(bench.add())
            await slow.begun.wait()
            batch = handlers.create_task(hear(bench, REFERRAL, OTHER))
            await asyncio.sleep(0)
            meanwhile = bench.engine.has_put_off, batch.done()
            slow.go.set()

        assert (True, False) == meanwhile
        assert [True, True] == batch.result()

    async def test_a_handler_that_failed_gives_back(self, bench: Bench) -> None:
        """An outage of the database is not one of the aggregate."""
        bench.disk.is_database_down = True
        with pytest.raises(Unavailable):
            await bench.add()
        bench.disk.is_database_down = False

        assert 1 == (await bench.add()).version

    async def test_a_handler_that_is_ended_while_it_waits_has_nothing(self, bench: Bench, slow: Slow) -> None:
        """Whoever comes next gets it."""
        first = asyncio.create_task(bench.add("c1"))
        await slow.begun.wait()
        second = asyncio.create_task(bench.add("c2"))
        await asyncio.sleep(0)
        second.cancel()
        slow.go.set()
        await first

        assert 2 == (await bench.add("c3")).version
        assert second.cancelled()
