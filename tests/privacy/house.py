"""The five services at work on one world in memory: their real apps, keys of their own, and everything that they leave.

Nothing is told here of who may do what or of what may be seen; `tests/access` and `tests/privacy` ask that.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from joserfc.jwk import ECKey
from pydantic import SecretStr

from deploy.platform.keys import AUDIENCES, JwkSet, generate_keys
from services.authorization import app as authorization
from services.authorization.settings import OwnSettings as AuthorizationOwn
from services.intake import app as intake
from services.intake.settings import OwnSettings as IntakeOwn
from services.notifications import app as notifications
from services.notifications.settings import LetterheadSettings, MailSettings, SmsSettings
from services.scheduling import app as scheduling
from services.scheduling.settings import OwnSettings as SchedulingOwn
from services.tracking import app as tracking
from services.tracking.gateways import Issuer as Login
from shared.effects import Clients, ServiceToken
from shared.identity import Role, audience_of
from shared.ports import Collection, Stored
from shared.sealing import Keyring, Opening, log_opening
from shared.service import Blueprint, Service, operations, wire
from shared.service.assembly import guard_of, hooks_of
from shared.telemetry import Metrics
from shared.web import create_app
from tests.support.callers import Issuer
from tests.support.clients import everybody
from tests.support.memory import MemoryStore, MemoryWorld
from tests.support.parties import PERSON

CONFIG = Path(__file__).parents[2] / "deploy/config"
DIRECTORY = Path(__file__).parents[1] / "simulation/services/directory.json"
OUTSIDE = "http://outside.example"
SMS_TOKEN = "invented"
TENANTS = ("demo", "other")
DEADLINE_S, DRAINS_S = 120.0, 0.2
Handler = Callable[[httpx2.Request], httpx2.Response]


def address_of(service: str) -> str:
    """Where a service is reached."""
    return f"http://{service}.example"


def plans(directory: Path, mail_port: int, http: httpx2.AsyncClient) -> Mapping[str, Blueprint]:
    """What each service consists of, as its app has it."""
    sms = SmsSettings(
        auth_token=SecretStr(SMS_TOKEN),
        sender="+12025550100",
        url=OUTSIDE,
        callback_url=address_of("notifications"),
    )
    console = ServiceToken("demo-console", ECKey.generate_key("P-384", {"kid": "console"}), f"{OUTSIDE}/token", http)
    found = (
        intake.blueprint(
            IntakeOwn(
                ehr_url=OUTSIDE, public_url=address_of("intake"), pathways_file=DIRECTORY.with_name("pathways.json")
            )
        ),
        authorization.blueprint(
            AuthorizationOwn(
                payer_url=OUTSIDE, public_url=address_of("authorization"), payers_file=CONFIG / "payers.json"
            )
        ),
        scheduling.blueprint(
            SchedulingOwn(
                offices_url=OUTSIDE,
                public_url=address_of("scheduling"),
                reports_url=address_of("intake"),
                directory_file=directory,
            )
        ),
        notifications.blueprint(
            LetterheadSettings(sender_name="Sample Health", phone="+12025550100"),
            sms,
            MailSettings(sender="care@sample.example", security="none", port=mail_port),
        ),
        tracking.blueprint(Login(console, f"{OUTSIDE}/authorize")),
    )
    return {plan.name: plan for plan in found}


class Uncounted(MemoryStore):
    """A collection in memory; what only the real database can count is empty here."""

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], limit: int = 10_000) -> list[Stored]:
        """Nothing is counted."""
        del pipeline, limit
        return []

    async def progress(self) -> Stored:
        """Nothing is counted."""
        return {}


@dataclass
class House:
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
    metrics: dict[str, Metrics] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    answers: list[tuple[str, bytes]] = field(default_factory=list)

    async def start(self, name: str) -> None:
        """Wire a service and open its doors, as its app does."""
        plan = self.blueprints[name]
        metrics = self.metrics.setdefault(name, Metrics())
        hooks = replace(hooks_of(metrics), stop_process=partial(self.ended.add, name))
        service = wire(plan, self.world, self.rings[name], self.lines, hooks, poll_s=0.02)
        guard = guard_of(plan, self.issuer.verifier(audience_of(name)), lambda: service)
        app = create_app(f"Throughline {name}", [*plan.routers, operations.router], guard, metrics=metrics)
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
async def open_house(
    outside: Handler,
    *,
    directory: Path = DIRECTORY,
    mail_port: int = 9,
    world: MemoryWorld | None = None,
    lines: Callable[[httpx2.AsyncClient], Clients] = everybody,
) -> AsyncIterator[House]:
    """All five services with their doors open, until the end."""
    world = world or MemoryWorld()
    world.stores = partial(_store, world)
    sets = _always_the_same(generate_keys(TENANTS))
    openings: list[tuple[str, Opening]] = []
    rings = {name: Keyring(sets[name], partial(_note, openings, name)) for name in AUDIENCES}
    every = {str(key["kid"]): key for jwk_set in sets.values() for key in jwk_set["keys"]}
    keys = Keyring({"keys": list(every.values())}, lambda _opening: None)
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(outside), trust_env=False)
    house = House(world, keys, rings, lines(http), plans(directory, mail_port, http), openings)
    for name in house.blueprints:
        await house.start(name)
    try:
        yield house
    finally:
        for service in house.services.values():
            await _end(service)
        await http.aclose()


def _always_the_same(sets: Mapping[str, JwkSet]) -> Mapping[str, JwkSet]:
    """Who is sent to which office follows from the referral's id, and that from a key: no run may go its own way."""
    for jwk in (jwk for jwk_set in sets.values() for jwk in jwk_set["keys"]):
        jwk["k"] = base64.urlsafe_b64encode(sha256(jwk["kid"].encode()).digest()).decode().rstrip("=")
    return sets


async def _end(service: Service) -> None:
    """Let it drain; one of whose doors is broken would wait for it in vain, and is left as a crash leaves it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAINS_S):
            await service.stop()
    await service.subscription.stop()


def _store(world: MemoryWorld, collection: str) -> Collection:
    return Uncounted(world.disk, collection, world.weather)


def _note(openings: list[tuple[str, Opening]], name: str, opening: Opening) -> None:
    """As the default audit, and kept."""
    log_opening(opening)
    openings.append((name, opening))
