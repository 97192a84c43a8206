"""An older program never reads what a newer one wrote: neither a document's frame nor the state in it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from shared.engine import CommandEnvelope, Document, Engine, GroupCommit, frame
from shared.engine.frame import FRAME, to_stored
from shared.engine.timers import Timers
from shared.errors import Newer, Unavailable
from shared.messaging import parked
from shared.messaging.consumer import ASIDE_S, Consumer
from shared.messaging.outbox import Publisher
from shared.ports import Received, Record, Stored
from tests.support.memory import EPOCH, MemoryBus, MemorySubscription
from tests.support.tally import OTHER, REFERRAL, SOMEBODY, TALLY, Add, Arm, Tally, record
from tests.unit.engine.conftest import Bench


@dataclass(frozen=True)
class Grown(Tally):
    """The state as a newer program has it."""

    beyond: int = 0


GROWN = replace(
    TALLY,
    initial=Grown(),
    state_type=Grown,
    schema=TALLY.schema + 1,
    upcasters={TALLY.schema: lambda stored: {"beyond": 0, **stored}},
)
TOPIC = "referral.public.intake.v1"
NEWER: tuple[Callable[[Stored], Stored], ...] = (
    lambda stored: {**stored, "frame": FRAME + 1, "beyond": "kept by nobody who is older"},
    lambda stored: {**stored, "schema": TALLY.schema + 1, "state": {**stored["state"], "beyond": 1}},
)
FRAMES: dict[int, set[str]] = {}
FRAMES[1] = {
    *("_id", "tenant", "version", "frame", "schema", "slot", "state", "seen", "outbox", "told", "entries", "calls"),
    *("answered", "strikes", "waiting", "letters", "unpublished_at", "wake_at", "retry_at", "is_parked", "parked_at"),
    "step_untold_since",
}
FRAMES[2] = FRAMES[1] | {"applied"}
"""What a document of each frame may hold. Whoever adds to it raises the frame."""


def add(key: str, id_: str = "later") -> CommandEnvelope:
    """One more for this one."""
    return CommandEnvelope(key=key, id=id_, command=Add(at=EPOCH, by=SOMEBODY, channel="api", referral_id=key))


async def rewritten(bench: Bench, how: Callable[[Stored], Stored], key: str = REFERRAL) -> Stored:
    """A newer program goes on with a document: it is as that program wrote it."""
    await bench.engine.handle([add(key, "first")])
    stored = (await bench.store.load([key]))[key]
    newer = how({**stored, "version": stored["version"] + 1})
    assert frozenset() == await bench.store.save([newer])
    return newer


def consumer_on(bench: Bench, engine: Engine) -> Consumer:
    """A consumer of a replica."""
    subscription = MemorySubscription(bench.broker, "tally", [TOPIC], bench.weather, wait_s=0.5)
    return Consumer(
        engine, bench.reader, subscription, Publisher(MemoryBus(bench.broker, bench.weather), bench.clock),
        bench.clock,
    )  # fmt: skip


def tell(bench: Bench, *records: Received) -> None:
    """Records land on the topic."""
    for each in records:
        partition = bench.broker.partition_of((each.key or b"").decode())
        bench.broker.append(TOPIC, partition, [Record(each.key, each.headers, each.value)])


async def until(holds: Callable[[], Any]) -> None:
    """Wait until it holds, in technical time."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def seen(bench: Bench, key: str) -> dict[str, int]:
    """The marks in the store."""
    return next((dict(d["seen"]) for d in bench.disk.documents("tallies") if d["_id"] == key), {})


class TestFrame:
    async def test_is_written(self, bench: Bench) -> None:
        """A document says in which form it is; one from before the forms were numbered is of the first."""
        await bench.add()
        stored = (await bench.store.load([REFERRAL]))[REFERRAL]
        del stored["frame"]
        stored["version"] += 1
        await bench.store.save([stored])

        await bench.replica().do(add(REFERRAL))

        assert 1 == (await bench.store.load([REFERRAL]))[REFERRAL]["frame"]

    def test_is_raised_with_what_it_holds(self) -> None:
        """Else an older program would drop the new field with its next save."""
        document = Document("demo-a", None, is_parked=True, unsequenced={"a:0:0": None})
        document.parked_at = document.wake_at = document.retry_at = document.tasks_unpublished_since = EPOCH
        plain = to_stored(document, None, 1, 0, EPOCH)
        document.applied = {("intake", REFERRAL): [(1, 1)]}
        keyed = to_stored(document, None, 1, 0, EPOCH)

        assert FRAME == max(FRAMES)
        for stored, number in ((plain, 1), (keyed, 2)):
            assert (number, FRAMES[number] - {"waiting", "unpublished_at"}) == (stored["frame"], set(stored))


@pytest.mark.parametrize("how", NEWER)
class TestNewerDocument:
    async def test_is_not_touched_and_its_neighbours_flow(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """Whoever asks for it may come back; who asks for others is answered, in the same write."""
        newer, queue = await rewritten(bench, how), GroupCommit(bench.replica().handle)
        asked: list[Any] = [queue.submit(add(REFERRAL)), queue.submit(add(OTHER))]
        mine, other = list[Any](await asyncio.gather(*asked, return_exceptions=True))

        assert (Newer, 1) == (type(mine), other.version)
        assert isinstance(mine, Unavailable)
        assert newer == (await bench.store.load([REFERRAL]))[REFERRAL]
        with pytest.raises(Newer):
            await bench.engine.read(REFERRAL)

    async def test_is_not_gone_on_with_from_memory(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """The replica that saved it last meets the newer one when its own save is lost."""
        newer = await rewritten(bench, how)

        with pytest.raises(Newer):
            await bench.engine.do(add(REFERRAL))

        assert newer == (await bench.store.load([REFERRAL]))[REFERRAL]

    async def test_makes_its_reader_leave_the_group(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """Nothing of it is committed, what came before it is; a newer replica takes the partitions and goes on."""
        await rewritten(bench, how)
        tell(bench, record(1, EPOCH, OTHER), record(1, EPOCH))
        old = consumer_on(bench, bench.replica())
        running = asyncio.ensure_future(old.run())
        await until(lambda: old.is_outdated)
        left = list(bench.broker.members["tally"])
        behind = seen(bench, REFERRAL)

        upgraded = bench.replica()
        upgraded.decider = GROWN
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(frame, "FRAME", FRAME + 1)
            other = asyncio.ensure_future(consumer_on(bench, upgraded).run())
            await until(lambda: seen(bench, REFERRAL))
        for task in (running, other):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        assert ([], {}) == (left, behind)
        assert ({"intake": 1}, {"intake": 1}) == (seen(bench, REFERRAL), seen(bench, OTHER))
        assert 1 == bench.counts["outdated"]

    async def test_is_no_end_of_reading(
        self, bench: Bench, how: Callable[[Stored], Stored], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a roll-back nobody is newer: who left comes back now and then, and others' facts are taken."""
        await rewritten(bench, how)
        pauses: list[float] = []

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)
            await asyncio.sleep(0.01)

        monkeypatch.setattr(bench.clock, "sleep", sleep)
        tell(bench, record(1, EPOCH), record(2, EPOCH))
        consumer = consumer_on(bench, bench.replica())
        running = asyncio.ensure_future(consumer.run())
        await until(lambda: len(pauses) > 6)
        tell(bench, record(1, EPOCH, OTHER))
        await until(lambda: seen(bench, OTHER))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

        assert pauses[0] < ASIDE_S
        assert 600 >= max(pauses)

    async def test_does_not_hold_up_the_clock(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """It is due and stays so; it is left alone for a while, and others are woken."""
        for key in (REFERRAL, OTHER):
            await bench.engine.handle([CommandEnvelope(key=key, id="arm", command=Arm(**_said(bench), due_at=EPOCH))])
        await rewritten(bench, how)
        slots = MemorySubscription(bench.broker, "tally", [TOPIC], bench.weather)
        await slots.start()
        door = Timers(bench.replica(), bench.clock, slots, Random(1), bench.faults.append)

        bench.disk.offset = timedelta(hours=1)
        rounds = [await door.round(), await door.round()]

        assert [2, 0] == rounds
        assert (1, None) == (bench.counts["wakes"] - 1, (await bench.tally(OTHER)).wake_at)
        assert [] == bench.faults

    async def test_is_left_out_of_lists(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """Of the sweep, which does not know how to publish it, and of what is parked."""
        await rewritten(bench, lambda stored: how({**stored, "is_parked": True, "unpublished_at": EPOCH}))

        assert [] == bench.engine.usable(await bench.store.unpublished(EPOCH, 10))
        assert [] == [each async for each in parked.parked_documents(bench.engine)]
        assert 1 == bench.counts["unusable"]


def _said(bench: Bench) -> dict[str, Any]:
    return {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}
