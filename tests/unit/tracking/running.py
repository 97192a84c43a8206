"""Tracking on a world in memory, with its doors open: what is told on the bus is taken in, pages and API answer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from shared.effects import ServiceToken
from shared.identity import Role
from shared.ports import Collection
from shared.sealing import Keyring
from tests.support.callers import Issuer as Signer
from tests.support.memory import MemoryWorld
from tests.support.one_service import OneService, at_work
from tests.unit.tracking.telling import REFERRAL, after

ISSUER_URL = "http://127.0.0.1:8191"
CONSOLE_URL = "http://127.0.0.1:8105"


@dataclass
class Running(OneService):
    """Tracking at work, and who may call it."""

    login: FastAPI

    def person(self, *roles: Role, subject: str = "casey.coordinator", tenant: str = "demo") -> httpx2.AsyncClient:
        """A person's program with these roles."""
        return self.client(*roles, subject=subject, tenant=tenant, base_url=CONSOLE_URL)

    def browser(self, *roles: Role, subject: str = "casey.coordinator", tenant: str = "demo") -> httpx2.AsyncClient:
        """A person with these roles, logged in; without roles somebody who is not."""
        cookies = {SESSION.cookie: self.issuer.token(*roles, subject=subject, tenant=tenant)} if roles else {}
        return self.client_with(headers={"Accept": "text/html"}, cookies=cookies, base_url=CONSOLE_URL)

    async def take_in(self, *told: RecordEnvelope) -> None:
        """Have facts told on the bus, and wait until they are taken in."""
        for command in told:
            await self.publish(command.envelope, command.value)
        for command in told:
            await self.until_seen(command.envelope)


@asynccontextmanager
async def running(
    state: Path, minutes: float = 0, stores: Callable[[str], Collection] | None = None
) -> AsyncIterator[Running]:
    """Tracking with its doors open, and a real local issuer to log in at."""
    write_state(state, ["demo"])
    issuer = create_issuer(IssuerSettings(url=ISSUER_URL, state=state))
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(issuer))
    console = ServiceToken.from_file(state / "clients" / "demo-console.json", ISSUER_URL, http)
    plan = blueprint(Issuer(console, f"{ISSUER_URL}/authorize"))
    keyring = Keyring.from_file(state / "sealing" / "tracking.json")
    world, signer = MemoryWorld(after(minutes), stores), Signer()
    async with at_work(plan, world, keyring, http, signer) as (service, app):
        yield Running(world, service, app, signer, issuer)


__all__ = ["CONSOLE_URL", "ISSUER_URL", "REFERRAL", "Running", "running"]
