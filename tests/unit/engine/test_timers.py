"""Durable timers: fired once, not early, not after they were moved, and never in the way of others."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from shared.engine import CommandEnvelope
from shared.engine.timers import PAGE, TimerIgnored, Timers, Wake
from shared.messaging.inbox import Delivery
from shared.ports import Subscription
from tests.support.memory import EPOCH, MemorySubscription
from tests.support.tally import REFERRAL, SOMEBODY, Arm, record


async def arm(bench: Any, in_s: float, id_: str = "arm") -> None:
    """Arm a deadline so many seconds from now."""
    due_at = bench.clock.now() + timedelta(seconds=in_s)
    command = Arm(at=bench.clock.now(), by=SOMEBODY, channel="api", due_at=due_at)
    await bench.engine.handle([CommandEnvelope(key=REFERRAL, id=id_, command=command)])


def raising(_command: Any, _state: Any) -> list[Any]:
    """A decider with a fault."""
    raise TypeError


def deaf(_command: Any, _state: Any) -> list[Any]:
    """A decider that makes nothing of a deadline that it has itself."""
    return []


def door_of(bench: Any, slots: Subscription) -> Timers:
    """The clock door of the bench's engine."""
    return Timers(bench.engine, bench.clock, slots, Random(1), bench.faults.append)


class TestClockDoor:
    async def test_wakes_what_is_due_once(self, bench: Any) -> None:
        """A deadline fires when the time has come, and its fact disarms it."""
        slots = MemorySubscription(bench.broker, "g", [], bench.weather)
        await slots.start()
        door = door_of(bench, slots)
        await arm(bench, 60)
        assert 0 == await door.round()
        bench.disk.offset += timedelta(seconds=61)
        assert 1 == await door.round()
        assert 0 == await door.round()

        document = await bench.tally()
        assert (1, None) == (document.state.overdue, document.wake_at)

    async def test_wakes_anybodys_after_a_grace(self, bench: Any) -> None:
        """An owner that is gone costs a grace and nothing else."""
        nobody = MemorySubscription(bench.broker, "g", [], bench.weather)
        door = door_of(bench, nobody)
        await arm(bench, 1)
        bench.disk.offset += timedelta(seconds=30)
        await door.round()

        assert 1 == (await bench.tally()).state.overdue

    async def test_tells_why_something_could_not_be_woken(self, bench: Any) -> None:
        """A fault of the domain holds up nobody else, and stalls nothing in silence."""
        await arm(bench, 1)
        bench.disk.offset += timedelta(seconds=30)
        for decide in (raising, deaf):
            bench.engine.decider = replace(bench.engine.decider, decide=decide)
            door = door_of(bench, MemorySubscription(bench.broker, "g", [], bench.weather))
            await door.round()
            bench.disk.offset += timedelta(hours=1)

        assert [TypeError, TimerIgnored] == [type(fault) for fault in bench.faults]
        assert 2 == bench.counts["strikes"] == (await bench.tally()).timer_failures


class TestWake:
    async def test_stays_quiet_when_somebody_was_quicker(self, bench: Any) -> None:
        """The same round on two replicas fires once."""
        await arm(bench, 1)
        bench.disk.offset += timedelta(seconds=5)
        now = bench.clock.now()
        await bench.engine.handle([Wake(REFERRAL, now)])
        version = (await bench.tally()).version
        await bench.replica().handle([Wake(REFERRAL, now)])

        document = await bench.tally()
        assert (version, 1) == (document.version, document.state.overdue)

    async def test_does_not_fire_what_was_moved(self, bench: Any) -> None:
        """To move a deadline is to change the state; there is no other record of it."""
        await arm(bench, 1)
        await arm(bench, 3600, "later")
        bench.disk.offset += timedelta(seconds=5)
        await bench.engine.handle([Wake(REFERRAL, bench.clock.now())])

        assert 0 == (await bench.tally()).state.overdue

    async def test_counts_a_strike_and_backs_off_when_it_cannot_be_woken(self, bench: Any) -> None:
        """A document that cannot be woken moves away from the head of the query."""
        await arm(bench, 1)
        bench.disk.offset += timedelta(seconds=5)
        stubborn = Wake(REFERRAL, bench.clock.now())
        document = await bench.tally()
        unit = bench.engine.unit(document)
        unit.decider = replace(unit.decider, decide=lambda command, state: ())
        stubborn.apply(unit)

        assert 1 == document.timer_failures
        assert unit.wake_at() > unit.now

    async def test_leaves_deadlines_alone_while_parked(self, bench: Any) -> None:
        """What came due while a fact waits unread is decided when it has been read."""
        await arm(bench, 1)
        await bench.engine.handle([Delivery(bench.reader, record(1, EPOCH, value=b"{"))])
        bench.disk.offset += timedelta(seconds=5)
        await bench.engine.handle([Wake(REFERRAL, bench.clock.now())])

        assert 0 == (await bench.tally()).state.overdue

    def test_a_page_is_bounded(self) -> None:
        """After an outage the backlog is taken page by page."""
        assert PAGE <= 500
