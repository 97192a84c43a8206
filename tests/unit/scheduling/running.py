"""Scheduling on a world in memory, with its doors open and offices that note what they are sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from services.scheduling.app import blueprint
from services.scheduling.domain import Placement
from services.scheduling.domain.calendar_day import CalendarDay
from services.scheduling.settings import OwnSettings
from services.scheduling.store import CALENDAR_DAYS
from shared.contracts.language import Fact
from shared.sealing import Keyring
from tests.support.callers import Issuer
from tests.support.five_services.keyrings import logged_keyring
from tests.support.five_services.wiring import client_to
from tests.support.memory import MemoryWorld
from tests.support.one_service import OneService, at_work
from tests.unit.scheduling.placing import TUESDAY

DEADLINE_S = 60
"""Nothing that a test waits for takes longer."""
TURNS = 20
DIRECTORY = Path(__file__).parents[3] / "deploy" / "config" / "directory.json"


@dataclass
class Offices:
    """Take everything, and keep it by path until it is withdrawn."""

    taken: dict[str, Any] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    status: str = "received"
    gives_back: bool = True

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the offices of the simulators do."""
        path = request.url.path
        if request.method == "PUT":
            self.taken[path] = json.loads(request.content)
        elif path not in self.taken:
            return httpx2.Response(404)
        if request.method == "DELETE":
            if not self.gives_back:
                return httpx2.Response(409)
            self.withdrawn.append(path)
        id_field = "visit_id" if "/appointments/" in path else "request_id"
        return httpx2.Response(200, json={id_field: path.rpartition("/")[2], "status": self.status})


@dataclass
class Running(OneService):
    """Scheduling at work, its offices, and who may call it."""

    offices: Offices
    keyring: Keyring

    async def placement(self, referral_id: str) -> Placement:
        """The placement as it is saved."""
        document = await self.service.engine.read(referral_id)
        return document.state if document else Placement()

    async def until_placed(self, referral_id: str, holds: Callable[[Placement], object]) -> Placement:
        """Wait until something holds of a placement."""
        document = await self.until(referral_id, lambda document: holds(document.state))
        found: Placement = document.state
        return found

    async def until_alive(self, referral_id: str, effect: str) -> None:
        """Wait until the outside is known to have what an effect brings about."""
        await self.until(referral_id, lambda document: effect in document.calls and bool(document.calls[effect].alive))

    async def until_all(self, referral_ids: Sequence[str], holds: Callable[[Placement], object]) -> list[Placement]:
        """Wait until something holds of all, while business time passes whenever nothing happens."""
        async with asyncio.timeout(DEADLINE_S):
            while not all(map(holds, found := [await self.placement(each) for each in referral_ids])):
                await self._pass_time_when_quiet()
        return found

    async def until_it_comes_to(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, while business time passes whenever nothing happens."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                await self._pass_time_when_quiet()

    async def _pass_time_when_quiet(self) -> None:
        """A second of business time, unless anything changed meanwhile: calls would be given up while they are made.

        Turns of the loop are counted beside the wait, for on a slow machine a wait may be over within one.
        """
        before = self._footprint()
        await asyncio.sleep(0.01)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        if before == self._footprint():
            self.pass_time(timedelta(seconds=1))

    def _footprint(self) -> list[int]:
        disk = self.world.disk
        versions = [sum(entry["version"] for entry in index.values()) for index in disk.indexed.values()]
        offices = self.offices
        return [*versions, *map(len, disk.topics.values()), len(offices.taken), len(offices.withdrawn)]

    def days(self) -> dict[str, CalendarDay]:
        """All calendar days by id."""
        engine = self.service.aggregates["calendar_day"].engine
        return {stored["_id"]: engine.document(stored).state for stored in self.world.disk.documents(CALENDAR_DAYS)}

    def claims(self) -> list[tuple[str, int, bool]]:
        """Every claim: whose, of which attempt, whether it is permanent."""
        claims = [claim for day in self.days().values() for claim in day.claims]
        return [(claim.placement_id, claim.attempt, claim.ask_at is None) for claim in claims]

    def told(self) -> list[Fact]:
        """Every fact on scheduling's topic."""
        return [fact for _, fact in self.published()]

    def spilt(self) -> bytes:
        """Everything that left the service by the bus or rests in its stores, to look for what may not be there."""
        disk = self.world.disk
        resting = [disk.documents(name) for name in ("placements", CALENDAR_DAYS)]
        return repr((resting, [fact.model_dump() for fact in self.told()])).encode()


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    """Scheduling with its doors open."""
    world, offices, issuer, keys = MemoryWorld(TUESDAY), Offices(), Issuer(), logged_keyring("scheduling")
    own = OwnSettings(
        offices_url="http://offices.example",
        public_url="http://scheduling.example",
        reports_url="http://intake.example",
        directory_file=DIRECTORY,
    )
    async with at_work(blueprint(own), world, keys, client_to(offices), issuer) as (service, app):
        yield Running(world, service, app, issuer, offices, keys)
