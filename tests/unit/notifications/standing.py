"""Notifications on a world in memory, with its doors open: facts come in on the bus, messages go out, HTTP answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from fastapi import FastAPI

from services.notifications.app import blueprint
from shared.contracts.catalogue import FACTS, wire_type
from shared.contracts.envelope import Envelope, from_headers, source_of, to_headers, topic_of
from shared.contracts.intake import ReferralReceived
from shared.contracts.language import Fact
from shared.contracts.processing import StepChanged
from shared.contracts.scheduling import VisitBooked
from shared.identity import Role
from shared.ports import Record
from shared.sealing import Keyring
from shared.service import Service
from tests.support.at_work import at_work
from tests.support.callers import Issuer, client_of
from tests.support.memory import MemoryWorld
from tests.support.outside.sms_gateway import Twilio
from tests.support.outside.smtp_server import Server
from tests.support.tasks import only
from tests.unit.notifications.patients import LETTERHEAD, SMS, keyring, mail_settings, patient, visit
from tests.unit.notifications.talking import NOON, REFERRAL

DEADLINE_S = 60


@dataclass
class Standing:
    """The service at work, the world around it, and who may call it."""

    world: MemoryWorld
    service: Service
    app: FastAPI
    issuer: Issuer
    keys: Keyring
    twilio: Twilio
    mail: Server
    told: dict[str, int] = field(default_factory=dict)

    def client(self, *roles: Role, tenant: str = "demo") -> httpx2.AsyncClient:
        """Somebody with these roles; without any, somebody without a token."""
        return client_of(self.app, **(self.issuer.headers(*roles, tenant=tenant) if roles else {}))

    async def hear(self, service: str, kind: type[Fact], **said: Any) -> None:
        """Have another service tell a fact."""
        self.told[service] = self.told.get(service, 0) + 1
        fact = fact_of(kind, **said)
        at, source = fact.occurred_at, source_of("demo", service)
        envelope = Envelope(source, REFERRAL, self.told[service], wire_type(kind), at)
        record = Record(REFERRAL.encode(), to_headers(envelope), fact.model_dump_json().encode())
        await self.world.bus.send(topic_of(service), self.world.bus.partition_of(REFERRAL), [record])

    async def hear_of_visit(self, **contact: Any) -> None:
        """The patient's referral came in, and a visit was booked."""
        seals = {"contact": self.keys.seal("demo", "contact", patient(**contact), referral_id=REFERRAL)}
        await self.hear("intake", ReferralReceived, seals=seals)
        await self.hear(
            "scheduling", VisitBooked, seals={"visit": self.keys.seal("demo", "visit", visit(), referral_id=REFERRAL)}
        )

    def facts(self) -> list[Fact]:
        """What the service told, in order and each once, but for steps that change in between."""
        found = {}
        topic = topic_of("notifications")
        for record in self.world.disk.topics[topic, self.world.bus.partition_of(REFERRAL)]:
            envelope = from_headers(record.headers, record.key, topic)
            found[envelope.sequence] = FACTS[envelope.type].model_validate_json(record.value or b"")
        return [fact for fact in found.values() if not isinstance(fact, StepChanged)]

    async def until_step(self, *acts: str | None) -> None:
        """Wait until the conversation has one of these steps."""
        deadline = asyncio.get_running_loop().time() + DEADLINE_S
        while (act := await self._act()) not in acts:
            assert asyncio.get_running_loop().time() < deadline, f"{act} instead of {acts}"
            await asyncio.sleep(0.01)

    async def _act(self) -> str | None:
        document = await self.service.engine.read(REFERRAL)
        task = only(self.service.engine.tasks_of(document)) if document else None
        return task.act if task else None

    async def until_told(self, *names: str) -> list[Fact]:
        """Wait until exactly these facts were told."""
        deadline = asyncio.get_running_loop().time() + DEADLINE_S
        while (told := [type(fact).__name__ for fact in self.facts()]) != list(names):
            assert asyncio.get_running_loop().time() < deadline, f"{told} instead of {list(names)}"
            await asyncio.sleep(0.01)
        return self.facts()


def fact_of(kind: type[Fact], **said: Any) -> Fact:
    """A fact of another service, with what every such fact says."""
    about: dict[str, Any] = {
        "occurred_at": NOON,
        "recorded_by": {"kind": "service", "id": "elsewhere"},
        "channel": "kafka",
        "referral_id": REFERRAL,
        "visit_id": "visit-1",
        "request_id": "request-1",
        "items": ["contact"],
        "patient_ref": "pt-sample",
        "priority": "routine",
        "authored_at": NOON,
        "needed_by": NOON,
        "order_expires_at": NOON,
        "pathway": "pw-sample",
        "pathway_version": 1,
        "booked_by": "own",
        "provider_ref": "prv-1",
        "site_ref": "site-1",
        "evidence": "office",
        "count": 1,
        "asked_by": "referrer",
        "reason": {"system": "throughline", "code": "changed-plan"},
        "outcome": "completed",
        "seals": {},
    }
    return kind.model_validate({**about, **said})


@asynccontextmanager
async def standing(mail: Server) -> AsyncIterator[Standing]:
    """Notifications with its doors open."""
    world, keys, issuer, twilio = MemoryWorld(NOON), keyring(), Issuer(), Twilio()
    plan = blueprint(LETTERHEAD, SMS, mail_settings(mail.port))
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(twilio))
    async with at_work(plan, world, keys, http, issuer) as (service, app):
        yield Standing(world, service, app, issuer, keys, twilio, mail)
