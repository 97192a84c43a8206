"""Several kinds of aggregates in one service: each says what it consumes and what it publishes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from shared.contracts.envelope import from_headers, topic_of
from shared.contracts.intake import ReferralFoundComplete
from shared.contracts.language import Command, Fact
from shared.engine import CommandEnvelope
from shared.identity import Role
from shared.messaging.inbox import EventContext
from shared.ports import Received
from shared.sealing import Keyring
from shared.service import Blueprint, Hooks, Kind, Service, operations, wire
from shared.web import create_app
from tests.support.callers import Issuer, client_of
from tests.support.clients import everybody
from tests.support.memory import EPOCH, MemoryWorld
from tests.support.tally import REFERRAL, SOMEBODY, TALLY, Add, Hear, on_complete, record

SECOND = replace(TALLY, name="second")


def refuses(_fact: Fact, heard: EventContext) -> Command:
    """A reaction to a fact that the second kind does not want."""
    return Hear(at=heard.at, by=heard.by, channel="kafka", what="refuse")


def kind(decider: Any = TALLY, collection: str = "tallies", reaction: Any = on_complete, **declared: Any) -> Kind:
    """A kind that reacts to a complete referral."""
    return Kind(decider, collection, reactions=lambda _parts: {ReferralFoundComplete: reaction}, **declared)


class Running:
    """A service with two kinds, on a world of its own."""

    def __init__(self) -> None:
        self.world, self.http = MemoryWorld(), httpx2.AsyncClient()
        self.service: Service | None = None

    async def start(self, *kinds: Kind) -> Service:
        """Open the doors of these kinds."""
        hooks = Hooks(lambda *_, **_labels: None, lambda _shown: None, lambda _error: None, lambda: None)
        plan = Blueprint(name="scheduling", kinds=kinds, routers=(), policy={})
        self.service = wire(plan, self.world, Keyring({"keys": []}), everybody(self.http), hooks, poll_s=0.01)
        await self.service.start()
        return self.service

    async def send(self, fact: Received) -> None:
        """A fact of another service lands."""
        await self.world.bus.send(fact.topic, self.world.bus.partition_of(REFERRAL), [fact])

    async def until(self, found: Callable[[], Awaitable[Any]]) -> Any:
        """What is found once it is there."""
        async with asyncio.timeout(20):
            while not (it := await found()):
                await self.world.clock.sleep(0.01)
        return it

    def published(self, source: str) -> list[tuple[str, int]]:
        """Source and sequence of what is on its topic."""
        topic = topic_of(source)
        log = self.world.disk.topics[topic, self.world.bus.partition_of(REFERRAL)]
        read = [from_headers(each.headers, each.key, topic) for each in log]
        return [(each.source, each.sequence) for each in read]


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    """A service that is stopped after the test."""
    it = Running()
    yield it
    if it.service:
        await it.service.stop()
    await it.http.aclose()


def seen(service: Service, name: str) -> Callable[[], Awaitable[Mapping[str, int]]]:
    """What a kind has taken in of the referral."""

    async def found() -> Mapping[str, int]:
        document = await service.aggregates[name].engine.read(REFERRAL)
        return document.seen if document else {}

    return found


class TestConsume:
    async def test_a_fact_reaches_each_kind_that_consumes_its_source(self, running: Running) -> None:
        """Each has an inbox of its own."""
        service = await running.start(
            kind(consumes=("intake",)), kind(SECOND, "seconds", consumes=("intake", "authorization"))
        )
        await running.send(record(1, EPOCH))
        await running.send(record(1, EPOCH, service="authorization"))

        second = await running.until(lambda: has(seen(service, "second"), 2))
        first = await running.until(seen(service, "tally"))
        assert ({"intake": 1}, {"intake": 1, "authorization": 1}) == (first, second)

    async def test_what_one_kind_cannot_take_does_not_hold_up_the_other(self, running: Running) -> None:
        """It is parked in the inbox of the one that refuses it."""
        service = await running.start(
            kind(consumes=("intake",)), kind(SECOND, "seconds", refuses, consumes=("intake",))
        )
        await running.send(record(1, EPOCH))
        await running.until(seen(service, "tally"))
        [parked] = await running.until(lambda: parked_in(service, "second"))
        assert ("refused:not-wanted", {}) == (parked.reason, await seen(service, "second")())

    async def test_an_operator_discards_by_kind(self, running: Running) -> None:
        """Both kinds have a document of this key."""
        service = await running.start(
            kind(consumes=("intake",)), kind(SECOND, "seconds", refuses, consumes=("intake",))
        )
        await running.send(record(1, EPOCH))
        await running.until(lambda: parked_in(service, "second"))
        issuer = Issuer()
        app = create_app("Kinds", [operations.router], issuer.guard(operations.POLICY))
        app.state.service = service

        async with client_of(app, **issuer.headers(Role.OPERATOR)) as client:
            [entry] = (await client.get("/v1/parked")).json()["parked"]
            named = {name: entry[name] for name in ("aggregate", "key", "service", "sequence")}
            unknown = await client.post("/v1/parked/discard", json={**named, "aggregate": "third"})
            answer = await client.post("/v1/parked/discard", json=named)

        assert ("second", 404, 200, []) == (
            entry["aggregate"],
            unknown.status_code,
            answer.status_code,
            answer.json()["left"],
        )
        assert {"intake": 1} == await seen(service, "second")()


class TestPublish:
    async def test_each_kind_publishes_to_the_topic_of_its_source(self, running: Running) -> None:
        """Two documents of one subject are numbered apart."""
        service = await running.start(
            kind(publishes="scheduling"),
            kind(SECOND, "seconds", publishes="notifications"),
            kind(replace(TALLY, name="quiet"), "quiet"),
        )
        add = Add(at=EPOCH, by=SOMEBODY, channel="api", referral_id=REFERRAL)
        for name in ("tally", "second"):
            await service.aggregates[name].engine.do(CommandEnvelope(key=REFERRAL, id=name, command=add))

        await running.until(lambda: on_topics(running, "scheduling", "notifications"))
        assert ([("/demo/scheduling", 1)], [("/demo/notifications", 1)]) == (
            running.published("scheduling"),
            running.published("notifications"),
        )

    def test_a_source_belongs_to_one_kind(self) -> None:
        """Else readers would take the facts of one for repeats of the other's."""
        with pytest.raises(ValueError, match="one source"):
            Blueprint("twice", (kind(publishes="intake"), kind(SECOND, "seconds", publishes="intake")), (), {})


async def has(found: Callable[[], Awaitable[Mapping[str, int]]], sources: int) -> Mapping[str, int] | None:
    """What was taken in, once it is of so many sources."""
    seen_of = await found()
    return seen_of if len(seen_of) == sources else None


async def parked_in(service: Service, name: str) -> list[Any]:
    """What waits in a kind's document of the referral."""
    document = await service.aggregates[name].engine.read(REFERRAL)
    return document.kept if document else []


async def on_topics(running: Running, *sources: str) -> bool:
    """Whether something is on each topic."""
    return all(running.published(source) for source in sources)
