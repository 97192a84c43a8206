"""Intake on a world in memory, with its doors open and an EHR that notes what it is sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
from fastapi import FastAPI

from deploy.platform.keys import generate_keys
from services.intake.app import blueprint
from services.intake.settings import OwnSettings
from shared.contracts.catalogue import FACTS
from shared.contracts.envelope import topic_of
from shared.contracts.language import Fact
from shared.identity import Role
from shared.ports import Received
from shared.sealing import Keyring
from shared.service import Service
from tests.support.at_work import at_work
from tests.support.callers import Issuer
from tests.support.memory import MemoryWorld
from tests.unit.intake.telling import MONDAY

DEADLINE_S = 60
"""Nothing that a test waits for takes longer."""


@dataclass
class Ehr:
    """Takes everything, and keeps it by path."""

    taken: dict[str, Any] = field(default_factory=dict)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the EHR of the simulators does."""
        path = request.url.path
        if request.method == "PUT":
            self.taken[path] = json.loads(request.content)
        elif path not in self.taken:
            return httpx2.Response(404)
        id_field = "report_id" if "/reports/" in path else "request_id"
        return httpx2.Response(200, json={id_field: path.rpartition("/")[2], "status": "received"})


@dataclass
class Standing:
    """Intake at work, and who may call it."""

    world: MemoryWorld
    ehr: Ehr
    service: Service
    keyring: Keyring
    app: FastAPI
    issuer: Issuer

    def client(self, *roles: Role, tenant: str = "demo") -> httpx2.AsyncClient:
        """A program or a person with these roles."""
        return self._client(self.issuer.headers(*roles, tenant=tenant))

    def patient(self, referral_id: str) -> httpx2.AsyncClient:
        """The patient, by a link that opens this referral."""
        token = self.issuer.token(Role.PATIENT, referral_id=referral_id)
        return self._client({"Authorization": f"Bearer {token}"})

    def told(self) -> list[tuple[str, Fact]]:
        """Every fact on intake's topic, with the referral that it is of. A fact may be there twice; it counts once."""
        first = {dict(record.headers)["ce_id"]: record for record in reversed(self._records())}
        return [_told(record) for record in reversed(first.values())]

    def spilt(self) -> bytes:
        """Everything that left the service or rests in its store, to look for what may not be there."""
        records = [(record.headers, record.value) for record in self._records()]
        return repr((records, self.world.disk.documents("referrals"))).encode()

    async def until_told(self, *names: str) -> None:
        """Wait until facts of exactly these names are on the topic, in any order of referrals."""
        async with asyncio.timeout(DEADLINE_S):
            while sorted(names) != sorted(type(fact).__name__ for _, fact in self.told()):
                await asyncio.sleep(0.01)

    async def until_taken(self, path: str) -> Any:
        """Wait until the EHR has what belongs at this path, and return it."""
        async with asyncio.timeout(DEADLINE_S):
            while path not in self.ehr.taken:
                await asyncio.sleep(0.01)
        return self.ehr.taken[path]

    def now(self) -> datetime:
        """The business time."""
        return self.service.now()

    def pass_time(self, time: timedelta) -> None:
        """Move the business clock on."""
        self.world.disk.offset += time

    def _records(self) -> list[Received]:
        topics = self.world.disk.topics.items()
        return [record for (topic, _), records in sorted(topics) if topic == topic_of("intake") for record in records]

    def _client(self, headers: dict[str, str]) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(transport=transport, base_url="http://intake.example", headers=headers)


def _told(record: Received) -> tuple[str, Fact]:
    headers = {name: value.decode() for name, value in record.headers}
    return headers["ce_subject"], FACTS[headers["ce_type"]].model_validate_json(record.value or b"")


@asynccontextmanager
async def standing() -> AsyncIterator[Standing]:
    """Intake with its doors open."""
    world, ehr, issuer = MemoryWorld(MONDAY), Ehr(), Issuer()
    plan = blueprint(OwnSettings(ehr_url="http://ehr.example", public_url="http://intake.example"))
    keyring = Keyring(generate_keys(["demo", "other"])["intake"])
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(ehr))
    async with at_work(plan, world, keyring, http, issuer) as (service, app):
        yield Standing(world, ehr, service, keyring, app, issuer)
