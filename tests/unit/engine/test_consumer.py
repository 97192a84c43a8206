import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from shared.messaging.consumer import COMMIT_S, Consumer
from shared.messaging.outbox import Publisher
from shared.ports import Record
from tests.support.memory import MemoryBus, MemorySubscription
from tests.support.tally import REFERRAL, record
from tests.unit.engine.conftest import Bench

TOPIC = "referral.public.intake.v1"


async def consume(consumer: Consumer, until: Callable[[], bool]) -> None:
    """Run it until something holds, or until it ends."""
    running = asyncio.ensure_future(consumer.run())
    async with asyncio.timeout(60):
        while not running.done() and not until():
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def consumer_of(bench: Bench) -> Consumer:
    """One that reads the topic."""
    subscription = MemorySubscription(bench.broker, "tally", [TOPIC], bench.weather)
    publisher = Publisher(MemoryBus(bench.broker, bench.weather), bench.clock)
    return Consumer(bench.engine, bench.reader, subscription, publisher, bench.clock)


def tell(bench: Bench, sequence: int) -> None:
    """Intake tells its next fact of the referral."""
    told = record(sequence, bench.clock.now())
    partition = bench.broker.partition_of(REFERRAL)
    bench.broker.append(TOPIC, partition, [Record(told.key or b"", told.headers, told.value)])


def committed(bench: Bench) -> int:
    """How many records of the referral's partition need not be read again."""
    return bench.disk.committed.get(("tally", TOPIC, bench.broker.partition_of(REFERRAL)), 0)


class TestConsumer:
    async def test_outlives_a_broker_that_is_away_for_several_tries(self, bench: Bench) -> None:
        """While it is away, not even going back to what was committed is possible; afterwards nothing is missing."""
        consumer = consumer_of(bench)
        tell(bench, 1)

        bench.disk.is_broker_down = True
        await consume(consumer, lambda: consumer.failures == 3)
        bench.disk.is_broker_down = False
        await consume(consumer, lambda: committed(bench) == 1)

        assert {"intake": 1} == (await bench.tally()).seen


class TestStop:
    async def test_saves_and_commits_what_was_done_since_the_last_commit(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Offsets are committed now and then; whoever comes after a rolling restart need not read on from there."""
        consumer = await stopped_between_commits(bench, monkeypatch)
        assert (1, {"intake": 1}) == (committed(bench), saved(bench))

        await consumer.stop()

        assert (2, {"intake": 2}) == (committed(bench), saved(bench))

    async def test_leaves_what_cannot_be_saved_to_whoever_reads_it_again(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a database nothing is saved, so nothing may be committed; the stop goes on all the same."""
        consumer = await stopped_between_commits(bench, monkeypatch)
        bench.disk.is_database_down = True

        await consumer.stop()

        assert (1, {"intake": 1}) == (committed(bench), saved(bench))


async def stopped_between_commits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Consumer:
    """A consumer that ended with one record committed, and one taken, put off, and not committed yet."""
    consumer = consumer_of(bench)
    monkeypatch.setattr(bench.clock, "monotonic", lambda: COMMIT_S / 2)
    tell(bench, 1)
    await consume(consumer, lambda: committed(bench) == 1)
    tell(bench, 2)
    await consume(consumer, lambda: consumer.taken == 2)
    return consumer


def saved(bench: Bench) -> dict[str, int]:
    """What the database knows to have been taken."""
    [stored] = bench.disk.documents("tallies")
    seen: dict[str, int] = stored["seen"]
    return seen
