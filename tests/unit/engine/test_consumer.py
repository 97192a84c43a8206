import asyncio
from collections.abc import Callable
from contextlib import suppress

from shared.messaging.consumer import Consumer
from shared.messaging.publisher import Publisher
from shared.ports import Record
from tests.support.memory import MemoryBus, MemorySubscription
from tests.support.tally import REFERRAL, record
from tests.unit.engine.conftest import Bench

TOPIC = "referral.public.intake.v1"


async def consume(consumer: Consumer, until: Callable[[], bool]) -> None:
    """Run it until something holds, or until it ends."""
    running = asyncio.ensure_future(consumer.run())
    async with asyncio.timeout(10):
        while not running.done() and not until():
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


class TestConsumer:
    async def test_outlives_a_broker_that_is_away_for_several_tries(self, bench: Bench) -> None:
        """While it is away, not even going back to what was committed is possible; afterwards nothing is missing."""
        bus, partition = MemoryBus(bench.broker, bench.weather), bench.broker.partition_of(REFERRAL)
        told = record(1, bench.clock.now())
        await bus.send(TOPIC, partition, [Record(told.key or b"", told.headers, told.value)])
        subscription = MemorySubscription(bench.broker, "tally", [TOPIC], bench.weather)
        publisher = Publisher(bench.engine, bus, bench.clock)
        consumer = Consumer(bench.engine, bench.reader, subscription, publisher, bench.clock)

        bench.disk.is_broker_down = True
        await consume(consumer, lambda: consumer.failures == 3)
        bench.disk.is_broker_down = False
        await consume(consumer, lambda: ("tally", TOPIC, partition) in bench.disk.committed)

        assert {"intake": 1} == (await bench.tally()).seen
