"""A service that stops: what it has taken in is saved, and what that makes due is done before it goes."""

from random import Random
from typing import Any

from shared.engine.timers import Timers
from shared.messaging.consumer import Consumer
from shared.messaging.held import Returns
from shared.messaging.inbox import Delivery
from shared.messaging.outbox import Publisher
from shared.ports import Traits
from shared.sealing import Keyring
from shared.service import Hooks, Service
from shared.service.aggregate import Aggregate
from tests.support.memory import EPOCH, MemoryBus, MemorySubscription
from tests.support.outbound import Uncalled
from tests.support.tally import record
from tests.unit.engine.conftest import Bench
from tests.unit.engine.test_effects import ALIVE, Bell, LateBell, acts, ring, want


def service_of(bench: Bench, bell: Bell) -> Service:
    """The bench's engine with its doors, as a service wires them."""
    worker = ring(bench, bell)
    subscription = MemorySubscription(bench.broker, "tally", ["referral.public.intake.v1"], bench.weather)
    publisher = Publisher(MemoryBus(bench.broker, bench.weather), bench.clock)
    door = Timers(bench.engine, bench.clock, subscription, Random(0), bench.faults.append)
    consumer = Consumer(bench.engine, bench.reader, subscription, publisher, bench.clock)
    returns = Returns(bench.engine, bench.reader, bench.clock, lambda: 0.5, bench.faults.append)
    aggregate = Aggregate(
        bench.engine, bench.store, (), publisher, worker, door, returns, bench.reader, subscription, consumer
    )
    hooks = Hooks(bench.count, lambda _figures: None, lambda _error: None, lambda: None)
    return Service(
        "tally",
        bench.clock,
        Keyring({"keys": []}),
        {"tally": aggregate},
        hooks,
        lambda: 0.5,
    )


class TestStop:
    async def test_makes_the_calls_that_what_was_put_off_makes_due(self, bench: Any) -> None:
        """Another replica has saved since; on its document the fact that was put off here owes a call."""
        bell = LateBell(Traits(), ALIVE)
        service = service_of(bench, bell)
        await bench.engine.handle([Delivery(bench.reader, record(1, EPOCH))], may_defer=True)
        mine, bench.engine = bench.engine, bench.replica()
        bench.engine.effects = Uncalled({"ring": bell.traits})
        await want(bench, 1)
        bench.engine = mine

        await service.stop()

        assert (["send"], ["ref-1"]) == (acts(bell), (await bench.tally()).calls["ring:1"].refs)

    async def test_goes_on_whatever_happens_to_its_first_part(self, bench: Any) -> None:
        """A store with a fault that nobody has thought of does not keep a member in its group."""
        service = service_of(bench, Bell(Traits(), ALIVE))
        await service.subscription.start()
        await bench.engine.handle([Delivery(bench.reader, record(1, EPOCH))], may_defer=True)
        bench.store.save = None

        await service.stop()

        assert [] == bench.broker.members["tally"]
