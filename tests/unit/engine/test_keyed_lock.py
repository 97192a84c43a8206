"""Each aggregate is with one handler of a replica at a time, and with it until the handler's work has ended."""

import asyncio
from typing import Any

import pytest

from shared.engine import working_set
from shared.engine.working_set import KeyedLock
from shared.errors import Unavailable
from shared.messaging.inbox import Delivery
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
    return await bench.engine.handle([Delivery(bench.reader, record(1, EPOCH, key)) for key in keys], may_defer=True)


async def everybody_waits() -> None:
    """Let all go as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


class TestKeyedLock:
    async def test_a_fact_is_put_off_on_what_another_handler_saves(self, bench: Bench, slow: Slow) -> None:
        """Not on what was there before: what follows from both would wait for the next pause, to be decided anew."""
        async with asyncio.TaskGroup() as handlers:
            handlers.create_task(bench.add())
            await slow.begun.wait()
            handlers.create_task(hear(bench, REFERRAL))
            await everybody_waits()
            slow.go.set()
        await bench.engine.flush()

        document = await bench.tally()
        assert (2, 1, ("intake1",)) == (document.version, document.state.count, document.state.heard)
        assert 0 == bench.counts["conflicts"]

    async def test_the_others_of_a_batch_do_not_wait(self, bench: Bench, slow: Slow) -> None:
        """One that is taken holds up itself."""
        async with asyncio.TaskGroup() as handlers:
            handlers.create_task(bench.add())
            await slow.begun.wait()
            batch = handlers.create_task(hear(bench, REFERRAL, OTHER))
            await everybody_waits()
            meanwhile = bench.engine.has_deferred, batch.done()
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

    async def test_who_waits_comes_before_who_had_it(self) -> None:
        """Commands that come without end do not keep the facts of others waiting."""
        in_hand = KeyedLock()
        await in_hand.take([REFERRAL])
        waiting = asyncio.create_task(in_hand.take([REFERRAL]))
        await asyncio.sleep(0)
        await in_hand.give_back([REFERRAL])

        assert waiting.done()


class TestUnbroken:
    async def test_a_handler_that_is_ended_has_its_save_looked_after(self, bench: Bench, slow: Slow) -> None:
        """A rolling restart ends the consumer in the middle of a save: what it tells is published all the same."""
        ended = asyncio.create_task(bench.add())
        await slow.begun.wait()
        ended.cancel()
        await asyncio.sleep(0)
        assert not ended.done()
        slow.go.set()
        with pytest.raises(asyncio.CancelledError):
            await ended

        assert [REFERRAL] == [document.id for document in bench.saved]

    async def test_who_is_ended_does_not_wait_for_ever(
        self, bench: Bench, slow: Slow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A store that never answers does not keep a process."""
        monkeypatch.setattr(working_set, "ENDS_WITHIN_S", 0.01)
        ended = asyncio.create_task(bench.add())
        await slow.begun.wait()
        ended.cancel()

        assert ({ended}, set()) == await asyncio.wait([ended], timeout=60)

    async def test_who_is_ended_twice_waits_no_longer(self, bench: Bench, slow: Slow) -> None:
        """A stop has a bound."""
        ended = asyncio.create_task(bench.add())
        await slow.begun.wait()
        for _ in range(2):
            ended.cancel()
            await asyncio.sleep(0)

        assert ended.done()
