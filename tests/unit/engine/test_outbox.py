"""The whole outbox, in order, and what is kept until it is acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.envelope import from_headers
from shared.messaging.outbox import UNCONFIRMED, Publisher
from tests.support.memory import MemoryBus, Weather
from tests.support.tally import REFERRAL

TOPIC = "referral.public.scheduling.v1"


class Striking(Weather):
    """The named fault strikes as often as is asked."""

    def __init__(self, fault: str, times: int) -> None:
        self.fault, self.left = fault, times

    def strikes(self, fault: str) -> bool:
        """Whether it strikes now."""
        self.left -= fault == self.fault
        return fault == self.fault and self.left >= 0


@asynccontextmanager
async def publishing(bench: Any, weather: Weather) -> AsyncIterator[Publisher]:
    """A publisher at work."""
    publisher = Publisher(MemoryBus(bench.broker, weather, batch=2), bench.clock)
    bench.engine.publish = publisher.publish
    task = asyncio.ensure_future(publisher.run(bench.engine))
    yield publisher
    task.cancel()


def sequences(bench: Any) -> list[int]:
    """The sequences on the topic, in order."""
    log = bench.disk.topics[TOPIC, bench.broker.partition_of(REFERRAL)]
    return [from_headers(record.headers, record.key, TOPIC).sequence for record in log]


class Broken(MemoryBus):
    """A bus with a fault that nobody has thought of."""

    async def send(self, topic: str, partition: int, records: Any) -> int:
        """Fail."""
        raise KeyError


class TestPublisher:
    async def test_keeps_nobody_waiting_once_it_has_ended(self, bench: Any) -> None:
        """A service whose publisher is gone can still be stopped at once, whoever waits already or comes later."""
        publisher = Publisher(Broken(bench.broker, Weather()), bench.clock)
        bench.engine.publish = publisher.publish
        task = asyncio.ensure_future(publisher.run(bench.engine))
        await bench.add("c1")

        async with asyncio.timeout(60):
            await publisher.caught_up()
            with pytest.raises(KeyError):
                await task
            await bench.add("c2")
            await publisher.caught_up()

    async def test_sends_in_order_over_several_batches(self, bench: Any) -> None:
        """A batch that is full takes fewer; the rest follows after its acknowledgement."""
        async with publishing(bench, Weather()) as publisher:
            await bench.add("c1", times=5)
            await publisher.caught_up()

        assert [1, 2, 3, 4, 5] == sequences(bench)

    async def test_the_next_save_drops_what_is_acknowledged(self, bench: Any) -> None:
        """Clearing is lazy and costs no write of its own."""
        async with publishing(bench, Weather()) as publisher:
            await bench.add("c1")
            await publisher.caught_up()
            await bench.add("c2")

            assert [2] == [entry.sequence for entry in (await bench.tally()).outbox]

    @pytest.mark.parametrize(
        ("fault", "expected"), [("send lost", [1, 2]), ("send unseen", [1, 1, 2]), ("send late", [1, 1, 2])]
    )
    async def test_the_next_save_sends_what_is_unconfirmed_first(
        self, bench: Any, fault: str, expected: list[int]
    ) -> None:
        """First appearances are in order, without a gap; duplicates are allowed."""
        async with publishing(bench, Striking(fault, 1)) as publisher:
            await bench.add("c1")
            await publisher.caught_up()
            await bench.add("c2")
            await publisher.caught_up()

        assert expected == sequences(bench)

    async def test_what_the_sweep_read_before_a_save_does_not_replace_what_it_saved(self, bench: Any) -> None:
        """The newer outbox holds the older, so nothing is missing; the reverse would wait for the next sweep."""
        publisher = Publisher(MemoryBus(bench.broker, Weather()), bench.clock)
        await bench.add("c1")
        before = await bench.replica().read(REFERRAL)
        await bench.add("c2")
        for document in (bench.saved[-1], before):
            publisher.publish(document)
        task = asyncio.ensure_future(publisher.run(bench.engine))
        await publisher.caught_up()
        task.cancel()

        assert [1, 2] == sequences(bench)

    async def test_the_sweep_sends_the_same_bytes(self, bench: Any) -> None:
        """What is published from memory and what is found in the store are one fact, its time included."""
        bench.disk.offset += timedelta(microseconds=123_456)
        published = (await bench.add("c1")) and bench.saved[-1].outbox
        found = (await bench.replica().read(REFERRAL)).outbox

        assert published == found

    async def test_the_sweep_finds_what_nobody_publishes(self, bench: Any) -> None:
        """An outbox of a replica that is gone is published by another, and cleared."""
        await bench.add("c1", times=2)
        bench.disk.offset += UNCONFIRMED + timedelta(seconds=1)
        async with publishing(bench, Weather()) as publisher:
            sweep = asyncio.ensure_future(publisher.sweep(bench.engine))
            clear = asyncio.ensure_future(publisher.keep_clear(bench.engine))
            async with asyncio.timeout(60):
                while (await bench.tally()).outbox or bench.disk.documents("tallies")[0]["outbox"]:
                    await asyncio.sleep(0.05)
            sweep.cancel()
            clear.cancel()

        assert [1, 2] == sequences(bench)
