"""A service starts where its indexes are there, and says which are not; it builds none where that could take long."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from structlog.testing import capture_logs

from shared.engine import CommandEnvelope
from shared.sealing import Keyring
from shared.service import Blueprint, Hooks, Kind, Service, wire
from tests.support.clients import everybody
from tests.support.memory import EPOCH, Disk, MemoryStore, MemoryWorld, Weather
from tests.support.tally import REFERRAL, SOMEBODY, TALLY, Add

PLAN = Blueprint("intake", (Kind(TALLY, "tallies", publishes="intake"),), (), {})


class Bare(MemoryStore):
    """A collection whose one index is there once it was built."""

    is_built = False

    async def prepare(self, indexes: Sequence[Any] = ()) -> None:
        """Build it."""
        await super().prepare(indexes)
        self.is_built = True

    async def missing(self, indexes: Sequence[Any] = ()) -> list[str]:
        """What is not there."""
        return [] if self.is_built else [*await super().missing(indexes), "tallies.slot_1"]


def bare(*ids: str) -> Bare:
    """A collection with these documents."""
    disk = Disk()
    disk.collections["tallies"] = dict.fromkeys(ids, b"")
    return Bare(disk, "tallies", Weather())


@asynccontextmanager
async def started(store: Bare) -> AsyncIterator[Service]:
    """A service on this collection."""
    world = MemoryWorld(stores=lambda _collection: store)
    async with httpx2.AsyncClient() as http:
        hooks = Hooks(lambda *_, **_labels: None, lambda _figures: None, lambda _error: None, lambda: None)
        service = wire(PLAN, world, Keyring({"keys": []}), everybody(http), hooks)
        await service.start()
        try:
            yield service
        finally:
            await service.stop()


async def until(service: Service, *, is_indexed: bool) -> None:
    """Wait until it is known whether indexes are missing."""
    async with asyncio.timeout(20):
        while service.main.lacks is None or await service.is_indexed() != is_indexed:
            await asyncio.sleep(0.01)


class TestStart:
    async def test_builds_what_an_empty_collection_lacks(self) -> None:
        """That takes no time, and whoever tries the product need not know of it."""
        store = bare()

        async with started(store) as service:
            await until(service, is_indexed=True)

        assert store.is_built

    async def test_waits_where_there_is_something(self) -> None:
        """It is not ready, says what is missing, and builds nothing; commands are taken meanwhile."""
        store = bare("demo-other")

        with capture_logs() as logs:
            async with started(store) as service:
                await until(service, is_indexed=False)
                add = Add(at=EPOCH, by=SOMEBODY, channel="api", referral_id=REFERRAL)
                outcome = await service.execute(CommandEnvelope(key=REFERRAL, id="c1", command=add))
                is_started, is_ready = service.is_started, await service.is_ready()

        assert (False, False, False, 1) == (store.is_built, is_started, is_ready, outcome.version)
        [told] = [log for log in logs if "throughline migrate" in log["event"]]
        assert "tallies.slot_1" == told["reason"]

    async def test_goes_on_once_they_are_there(self) -> None:
        """Whoever migrates need not start it again."""
        store = bare("demo-other")

        async with started(store) as service:
            await until(service, is_indexed=False)
            await store.prepare()
            await until(service, is_indexed=True)
