"""The five services at work on one world in memory with their doors open, and who may call them by HTTP.

Nothing is told here of who may do what or of what may be seen; `tests/access` and `tests/privacy` ask that.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from joserfc.jwk import ECKey

from deploy.platform import registry
from services.tracking.gateways import Issuer as Login
from shared.audit import Recorder
from shared.effects import Clients, ServiceToken
from shared.identity import Role, audience_of
from shared.ports import Collection, Stored
from shared.sealing import Keyring, Opening, log_opening
from shared.service import Blueprint, Service, wire
from shared.service.assembly import hooks_of
from shared.service.on_record import recorder_of, recording
from shared.telemetry import Metrics
from tests.support.callers import Issuer
from tests.support.clients import everybody
from tests.support.five_services.keyrings import TENANTS, audited_keyring, every_key
from tests.support.five_services.plans import DIRECTORY, MAIL, OUTSIDE, address_of, blueprints
from tests.support.five_services.wiring import Outside, app_of, client_to
from tests.support.memory import MemoryStore, MemoryWorld
from tests.support.parties import PERSON

DEADLINE_S, DRAINS_S = 120.0, 0.2


class Uncounted(MemoryStore):
    """A collection in memory; what only the real database can count is empty here."""

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], limit: int = 10_000) -> list[Stored]:
        """Nothing is counted."""
        del pipeline, limit
        return []

    async def progress(self) -> Stored:
        """Nothing is counted."""
        return {}

    async def open_work(self) -> Stored:
        """Nothing is counted."""
        return {}


@dataclass
class FiveServices:
    """The services, and who may call them; `openings` are seals that were opened, `answers` what callers were told."""

    world: MemoryWorld
    keys: Keyring
    rings: Mapping[str, Keyring]
    lines: Clients
    blueprints: Mapping[str, Blueprint]
    openings: list[tuple[str, Opening]]
    issuer: Issuer = field(default_factory=Issuer)
    services: dict[str, Service] = field(default_factory=dict)
    apps: dict[str, FastAPI] = field(default_factory=dict)
    recorders: dict[str, Recorder] = field(default_factory=dict)
    metrics: dict[str, Metrics] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    answers: list[tuple[str, bytes]] = field(default_factory=list)

    async def start(self, name: str) -> None:
        """Wire a service and open its doors, as its app does."""
        plan = self.blueprints[name]
        metrics = self.metrics.setdefault(name, Metrics())
        hooks = replace(hooks_of(metrics), stop_process=partial(self.ended.add, name))
        recorder = self.recorders[name] = recorder_of(name, self.world)
        service = wire(plan, self.world, self.rings[name], self.lines, hooks, 0.02, recorder)
        app = app_of(plan, self.issuer.verifier(audience_of(name)), lambda: service, recorder, metrics=metrics)
        app.state.service = service
        self.services[name], self.apps[name] = service, app
        await service.start()

    async def revive(self) -> None:
        """Start anew what ended itself, as whatever runs the processes does."""
        for name in sorted(self.ended):
            self.ended.discard(name)
            await _end(self.services[name])
            await self.start(name)

    @property
    def is_busy(self) -> bool:
        """Whether something is due, or is known to a service and not saved yet: what that makes due shows nowhere."""
        now = self.world.disk.now()
        dues = [entry.get("wake_at") for index in self.world.disk.indexed.values() for entry in index.values()]
        aggregates = [aggregate for service in self.services.values() for aggregate in service.aggregates.values()]
        return any(due and due <= now for due in dues) or any(each.engine.has_deferred for each in aggregates)

    async def ask(self, service: str, method: str, path: str, *roles: Role, **more: Any) -> httpx2.Response:
        """What a service answers; `tenant`, `subject`, `party`, `token` and `headers` say who asks."""
        headers = dict(more.pop("headers", {}))
        tenant, token = more.pop("tenant", TENANTS[0]), more.pop("token", None)
        if token is None:
            named = {"subject": more.pop("subject", PERSON), "party": more.pop("party", "")}
            token = self.issuer.token(*roles, tenant=tenant, **named)
        if token:
            headers = {"Authorization": f"Bearer {token}", **headers}
        transport = httpx2.ASGITransport(self.apps[service])
        async with httpx2.AsyncClient(transport=transport, base_url=address_of(service)) as client:
            answer = await client.request(method, path, headers=headers, **more)
        self.answers.append((f"{method} {service}", repr(answer.headers.multi_items()).encode() + answer.content))
        return answer

    async def until(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """What `look` finds as soon as it finds anything."""
        async with asyncio.timeout(DEADLINE_S):
            while not (found := await look()):
                await asyncio.sleep(0.01)
        return found

    async def state(self, service: str, referral_id: str) -> Any:
        """What a service has saved of a referral; None when nothing."""
        stored = await self.services[service].store.load([referral_id])
        return stored[referral_id]["state"] if referral_id in stored else None


@asynccontextmanager
async def open_services(
    outside: Outside,
    *,
    directory: Path = DIRECTORY,
    mail_port: int = 9,
    world: MemoryWorld | None = None,
    lines: Callable[[httpx2.AsyncClient], Clients] = everybody,
) -> AsyncIterator[FiveServices]:
    """All five services with their doors open, until the end."""
    world = world or MemoryWorld()
    world.stores = partial(_store, world)
    openings: list[tuple[str, Opening]] = []
    recorders: dict[str, Recorder] = {}
    rings = {name: audited_keyring(name, partial(_note, openings, recorders, name)) for name in registry.names()}
    http = client_to(outside)
    console = ServiceToken("demo-console", ECKey.generate_key("P-384", {"kid": "console"}), f"{OUTSIDE}/token", http)
    login, mail = Login(console, f"{OUTSIDE}/authorize"), MAIL.model_copy(update={"port": mail_port})
    plans = blueprints(login, directory=directory, mail=mail)
    found = FiveServices(world, every_key(), rings, lines(http), plans, openings, recorders=recorders)
    for name in plans:
        await found.start(name)
    try:
        yield found
    finally:
        for service in found.services.values():
            await _end(service)
        await http.aclose()


async def _end(service: Service) -> None:
    """Let it drain; one of whose doors is broken would wait for it in vain, and is left as a crash leaves it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAINS_S):
            await service.stop()
    await service.subscription.stop()


def _store(world: MemoryWorld, collection: str) -> Collection:
    return Uncounted(world.disk, collection, world.weather)


def _note(openings: list[tuple[str, Opening]], recorders: Mapping[str, Recorder], name: str, opening: Opening) -> None:
    """As a service's audit, and kept."""
    recording(recorders[name], log_opening)(opening)
    openings.append((name, opening))
