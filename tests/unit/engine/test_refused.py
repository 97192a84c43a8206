"""A broker that allows too little: nothing is lost, the service is not ready, and goes on when it is granted."""

import asyncio
from typing import Any

import pytest

from shared.contracts.envelope import from_headers
from shared.errors import Refused
from shared.ports import Traits
from shared.service import Service
from tests.support.memory import MemoryBus, MemorySubscription
from tests.support.tally import REFERRAL
from tests.unit.engine.conftest import Bench
from tests.unit.engine.test_consumer import committed, tell
from tests.unit.engine.test_effects import ALIVE, Bell
from tests.unit.engine.test_stop import service_of


async def until(service: Service, is_ready: bool) -> None:
    """Wait until it says so."""
    async with asyncio.timeout(60):
        while await service.is_ready() is not is_ready:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("port", "call"), [(MemoryBus, "send"), (MemorySubscription, "fetch")])
async def test_is_not_ready_while_the_broker_refuses_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, port: Any, call: str
) -> None:
    """Whoever rolls out a service with too few rights sees it at once, and loses nothing by it."""
    service, allowed = service_of(bench, Bell(Traits(), ALIVE)), getattr(port, call)
    bench.engine.publish = service.main.publisher.publish

    async def refused(*_args: Any) -> Any:
        raise Refused("a topic")

    await service.start()
    await until(service, is_ready=True)
    monkeypatch.setattr(port, call, refused)
    await bench.add()
    tell(bench, 1)
    await until(service, is_ready=False)
    monkeypatch.setattr(port, call, allowed)
    await until(service, is_ready=True)

    await service.stop()
    assert 1 == committed(bench)
    told = bench.disk.topics["referral.public.scheduling.v1", bench.broker.partition_of(REFERRAL)]
    assert [1] == [from_headers(it.headers, it.key, it.topic).sequence for it in told]
