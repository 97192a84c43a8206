"""The five real services on counted ports, with nothing to hinder them: one referral, and what it costs each of them.

Time is virtual and everything happens in one order, so a figure changes only when the code does. Each service runs as
its app has it: consumers, publishers, timers and calls, with records coming one by one, as at a few referrals a second.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx2

from shared.service import Service, wire
from tests.counts.tally import CountedWorld, counted
from tests.simulation.determinism import by_the_seed
from tests.simulation.histories.outside import Choose, answering
from tests.simulation.scheduler import SeededLoop, run
from tests.simulation.services.direct_requests import app, blueprints, served
from tests.support.clients import everybody
from tests.support.five_services.keyrings import audited_keyring
from tests.support.five_services.plans import SMS_TOKEN
from tests.support.five_services.wiring import client_to, hooks
from tests.support.memory import Broker, Disk
from tests.support.outside.sms_gateway import receipt

SETTLES_S = 10.0
"""Nothing of one moment takes longer, the emptying of outboxes included."""
OUTSIDE_S = 0.02
MOVES = 200
Figures = Mapping[str, Mapping[str, int]]
"""What was counted, by service and measure."""


class OrderlyLoop(SeededLoop):
    """Virtual time in which whoever is ready first runs first."""

    def _chosen_of(self, ready: Any) -> asyncio.Handle:
        handle: asyncio.Handle = ready.popleft()
        return handle


@dataclass
class CountedServices:
    """The services at work. `choose` says how the outside answers, `asked` what it was asked."""

    choose: Choose[Any]
    disk: Disk = field(default_factory=Disk)
    worlds: dict[str, CountedWorld] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    asked: list[httpx2.Request] = field(default_factory=list)
    received: int = 0

    async def start(self) -> None:
        """Wire and start them."""
        broker = Broker(self.disk)
        for name, blueprint in blueprints().items():
            world = self.worlds[name] = CountedWorld(broker)
            http = client_to(self._outside(world))
            ring = audited_keyring(name, lambda _opening, world=world: world.tally.update(openings=1))  # type: ignore[misc] # binds
            self.services[name] = wire(counted(blueprint, world.tally), world, ring, everybody(http), hooks())
        for service in self.services.values():
            await service.start()
        await asyncio.sleep(SETTLES_S)
        for world in self.worlds.values():
            world.tally.clear()

    async def stop(self) -> None:
        """Stop them."""
        for service in self.services.values():
            await service.stop()

    def _outside(self, world: CountedWorld) -> Callable[[httpx2.Request], Any]:
        async def answer(request: httpx2.Request) -> httpx2.Response:
            world.tally["calls"] += 1
            self.asked.append(request)
            await asyncio.sleep(OUTSIDE_S)
            return answering(self.choose, self.disk.now())(request)

        return answer

    async def ask(self, role: str, url: str, body: Mapping[str, Any]) -> Any:
        """Somebody asks a service for something; what was answered."""
        number = str(len(self.asked)) + role
        headers = {"Authorization": f"Bearer {role}:sam.{role}", "Idempotency-Key": number}
        return await self._serve(httpx2.Request("POST", url, json=dict(body), headers=headers))

    async def _serve(self, request: httpx2.Request) -> Any:
        name = request.url.host.partition(".")[0]
        said = await served(app(name), self.services[name], request)
        await self.settle()
        return said.body

    async def settle(self) -> None:
        """Whatever follows at once follows, and each text message has arrived."""
        await asyncio.sleep(SETTLES_S)
        texts = [request for request in self.asked if request.url.path.endswith("/Messages.json")]
        for request in texts[self.received :]:
            self.received += 1
            [callback] = parse_qs(request.content.decode())["StatusCallback"]
            sid = answering(self.choose, self.disk.now())(request).json()["sid"]
            await self._serve(receipt(SMS_TOKEN, callback, {"MessageSid": sid, "MessageStatus": "delivered"}))

    async def until(self, look: Callable[[], Any]) -> Any:
        """Let time jump from one thing that is due to the next until `look` finds something."""
        for _ in range(MOVES):
            if found := look():
                return found
            indexes = self.disk.indexed.values()
            due = min(each["wake_at"] for index in indexes for each in index.values() if "wake_at" in each)
            self.disk.offset += max(due - self.disk.now(), timedelta())
            await self.settle()
        raise AssertionError("The story does not go on.")

    def state(self, service: str) -> Any:
        """What a service has saved of the one referral."""
        [document] = self.disk.documents(f"{service}.{blueprints()[service].kinds[0].collection}")
        return self.services[service].engine.state(document)

    def last_asked(self, kind: str) -> Mapping[str, Any]:
        """What the outside was last asked of this kind, as one mapping; under `id` what it was filed by."""
        found = [request for request in self.asked if f"/{kind}/" in request.url.path and request.method == "PUT"]
        return {"id": found[-1].url.path.rpartition("/")[2], **json.loads(found[-1].content)}

    def figures(self) -> Figures:
        """What was counted, by service."""
        return {name: dict(world.tally) for name, world in self.worlds.items()}


@asynccontextmanager
async def open_counted(choose: Choose[Any]) -> AsyncIterator[CountedServices]:
    """The services at work, until the end."""
    house = CountedServices(choose)
    await house.start()
    try:
        yield house
    finally:
        await house.stop()


def play(choose: Choose[Any], story: Callable[[CountedServices], Awaitable[None]]) -> Figures:
    """Play a story on a loop of its own, also within a running one; return what was counted.

    No threads, and no chance but the loop's.
    """

    async def played(_loop: SeededLoop) -> Figures:
        async with open_counted(choose) as house:
            await story(house)
            return house.figures()

    with by_the_seed():
        figures: Figures = run(0, played, OrderlyLoop)
    return figures
