"""Tracking on a world in memory, with its doors open: what is told on the bus is taken in, pages and API answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2
from fastapi import FastAPI

from deploy.issuer.app import create_app as create_issuer
from deploy.issuer.settings import IssuerSettings
from deploy.platform.keys import write_state
from services.tracking.api import SESSION
from services.tracking.app import blueprint
from services.tracking.domain import RecordEnvelope
from services.tracking.gateways import Issuer
from shared.contracts.envelope import Envelope, to_headers, topic_of
from shared.effects import ServiceToken
from shared.identity import Role
from shared.ports import Collection, Record
from shared.sealing import Keyring
from shared.service import Service
from tests.support.at_work import at_work
from tests.support.callers import Issuer as Signer
from tests.support.memory import MemoryWorld
from tests.unit.tracking.telling import REFERRAL, after

ISSUER_URL = "http://127.0.0.1:8191"
CONSOLE_URL = "http://127.0.0.1:8105"
DEADLINE_S = 60


@dataclass
class Standing:
    """Tracking at work, and who may call it."""

    world: MemoryWorld
    service: Service
    app: FastAPI
    signer: Signer
    issuer: FastAPI

    def client(self, *roles: Role, subject: str = "casey.coordinator", tenant: str = "demo") -> httpx2.AsyncClient:
        """A program with these roles."""
        return self._client(headers=self.signer.headers(*roles, subject=subject, tenant=tenant))

    def browser(self, *roles: Role, subject: str = "casey.coordinator", tenant: str = "demo") -> httpx2.AsyncClient:
        """A person with these roles, logged in; without roles somebody who is not."""
        cookies = {SESSION.cookie: self.signer.token(*roles, subject=subject, tenant=tenant)} if roles else {}
        return self._client(headers={"Accept": "text/html"}, cookies=cookies)

    async def hear(self, *told: RecordEnvelope) -> None:
        """Have facts told on the bus, and wait until they are taken in."""
        for command in told:
            envelope = command.envelope
            record = Record(envelope.subject.encode(), to_headers(envelope), command.value)
            topic = topic_of(envelope.service)
            await self.world.bus.send(topic, self.world.bus.partition_of(envelope.subject), [record])
        for command in told:
            await self._until_seen(command.envelope)

    async def _until_seen(self, envelope: Envelope) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                document = await self.service.engine.read(envelope.subject)
                if document and document.seen.get(envelope.service, 0) >= envelope.sequence:
                    return
                await asyncio.sleep(0.01)

    def now(self) -> datetime:
        """The business time."""
        return self.service.now()

    def _client(self, **more: object) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(transport=transport, base_url=CONSOLE_URL, **more)  # type: ignore[arg-type] # passed on as it is


@asynccontextmanager
async def standing(
    state: Path, minutes: float = 0, stores: Callable[[str], Collection] | None = None
) -> AsyncIterator[Standing]:
    """Tracking with its doors open, and a real local issuer to log in at."""
    write_state(state, ["demo"])
    issuer = create_issuer(IssuerSettings(url=ISSUER_URL, state=state))
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(issuer))
    console = ServiceToken.from_file(state / "clients" / "demo-console.json", ISSUER_URL, http)
    plan = blueprint(Issuer(console, f"{ISSUER_URL}/authorize"))
    keyring = Keyring.from_file(state / "sealing" / "tracking.json")
    world, signer = MemoryWorld(after(minutes), stores), Signer()
    async with at_work(plan, world, keyring, http, signer) as (service, app):
        yield Standing(world, service, app, signer, issuer)


__all__ = ["CONSOLE_URL", "ISSUER_URL", "REFERRAL", "Standing", "standing"]
