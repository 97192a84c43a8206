"""Intake on a world in memory, with its doors open and an EHR that notes what it is sent."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from services.intake.app import blueprint
from services.intake.settings import OwnSettings
from shared.identity import Role
from shared.sealing import Keyring
from tests.support.callers import Issuer
from tests.support.five_services.keyrings import logged_keyring
from tests.support.five_services.wiring import client_to
from tests.support.memory import MemoryWorld
from tests.support.one_service import OneService, at_work
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
class Running(OneService):
    """Intake at work, and who may call it."""

    ehr: Ehr
    keyring: Keyring

    def patient(self, referral_id: str) -> httpx2.AsyncClient:
        """The patient, by a link that opens this referral."""
        token = self.issuer.token(Role.PATIENT, referral_id=referral_id)
        return self.client_with(headers={"Authorization": f"Bearer {token}"})

    def spilt(self) -> bytes:
        """Everything that left the service or rests in its store, to look for what may not be there."""
        records = [(record.headers, record.value) for record in self.records()]
        return repr((records, self.world.disk.documents("referrals"))).encode()

    async def until_told(self, *names: str) -> None:
        """Wait until facts of exactly these names are on the topic, in any order of referrals."""
        await self.until_true(lambda: sorted(names) == sorted(type(fact).__name__ for _, fact in self.published()))

    async def until_taken(self, path: str) -> Any:
        """Wait until the EHR has what belongs at this path, and return it."""
        await self.until_true(lambda: path in self.ehr.taken)
        return self.ehr.taken[path]


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    """Intake with its doors open."""
    world, ehr, issuer, keys = MemoryWorld(MONDAY), Ehr(), Issuer(), logged_keyring("intake")
    plan = blueprint(OwnSettings(ehr_url="http://ehr.example", public_url="http://intake.example"))
    async with at_work(plan, world, keys, client_to(ehr), issuer) as (service, app):
        yield Running(world, service, app, issuer, ehr, keys)
