"""Authorization on a world in memory, with its doors open and an invented payer behind it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from deploy.platform.keys import generate_keys
from services.authorization.app import blueprint
from services.authorization.settings import OwnSettings
from shared.contracts.catalogue import FACTS, PUBLISHED, wire_type
from shared.contracts.envelope import Envelope, from_headers, to_headers, topic_of
from shared.contracts.intake import ReferralCancelled, ReferralFoundComplete, ReferralReceived
from shared.contracts.language import Actor, Fact, Reason
from shared.contracts.processing import StepChanged
from shared.contracts.scheduling import ProviderChosen
from shared.contracts.sealed import Clinical, Coding, CoverageDetails, Policy
from shared.engine import Document
from shared.identity import Role
from shared.ports import Received, Record
from shared.sealing import Keyring
from shared.service import Service
from tests.support.at_work import at_work
from tests.support.callers import Issuer, client_of
from tests.support.memory import MemoryWorld
from tests.unit.authorization.words import REFERRAL

DEADLINE_S = 60
KEYS = generate_keys(["demo"])
MEMBER_ID, DIAGNOSIS = "MEMBER-CANARY", "F10.20"
PAYERS_FILE = Path(__file__).parents[3] / "deploy" / "config" / "payers.json"


@dataclass
class Payer:
    """Covers everybody, answers requests with `action`, and counts what it is asked."""

    eb01: str = "1"
    auth_required: str = "Y"
    action: str = "A4"
    asked: Counter[str] = field(default_factory=Counter)
    requests: dict[str, Any] = field(default_factory=dict)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        what, id_ = request.url.path.split("/")[3:5] if request.method != "POST" else ("eligibility", "")
        self.asked[f"{request.method} {what}"] += 1
        if what == "eligibility":
            check = {"check_id": json.loads(request.content)["check_id"], "eb01": self.eb01}
            return httpx2.Response(200, json={**check, "auth_required": self.auth_required})
        if request.method == "PUT":
            self.requests[id_] = json.loads(request.content)
        return httpx2.Response(200, json=self.answer(id_, "C" if request.method == "DELETE" else self.action))

    def answer(self, request_id: str, action: str, number: int = 1) -> dict[str, Any]:
        """What it says about a request."""
        asked = self.requests[request_id]
        refs = {name: asked[name] for name in ("service_ref", "provider_ref", "site_ref")}
        granted = {**refs, "window": {"start": "2026-03-02", "end": "2026-06-01"}, "units": 1}
        said = {"request_id": request_id, "number": number, "reference": "CERTIFICATE-CANARY", "action": action}
        return {**said, "received_at": "2026-03-02T09:00:00Z", "items": [granted] if action == "A1" else []}


@dataclass
class Standing:
    """Authorization at work, its payer, and who may call it."""

    world: MemoryWorld
    service: Service
    app: FastAPI
    issuer: Issuer
    payer: Payer
    told: Counter[str] = field(default_factory=Counter)

    def client(self, *roles: Role, tenant: str = "demo") -> httpx2.AsyncClient:
        """A program or a person with these roles."""
        return client_of(self.app, **self.issuer.headers(*roles, tenant=tenant))

    async def tell(self, fact: type[Fact], **content: Any) -> None:
        """Have another service tell a fact, and wait until it is taken in."""
        source = next(service for service, facts in PUBLISHED.items() if fact in facts)
        self.told[source] += 1
        now = self.world.clock.now()
        by = Actor(kind="service", id=source)
        body = fact(**{"occurred_at": now, "recorded_by": by, "channel": "api", "referral_id": REFERRAL, **content})
        envelope = Envelope(f"/demo/{source}", REFERRAL, self.told[source], wire_type(fact), now)
        record = Record(REFERRAL.encode(), to_headers(envelope), body.model_dump_json().encode())
        await self.world.bus.send(topic_of(source), self.world.bus.partition_of(REFERRAL), [record])
        await self.until(lambda document: document.seen.get(source, 0) >= envelope.sequence)

    async def refer(self, priority: str = "routine") -> None:
        """A referral with coverage is received, found complete, and given a provider."""
        sealer = Keyring(KEYS["intake"])
        coverage = CoverageDetails(policies=(Policy(payer_name="Medicare", member_id=MEMBER_ID),))
        diagnosis = Coding(system="http://hl7.org/fhir/sid/icd-10-cm", code=DIAGNOSIS)
        clinical = Clinical(service=Coding(system="urn:s", code="s"), diagnoses=(diagnosis,))
        seals = {
            "coverage": sealer.seal("demo", "coverage", coverage, referral_id=REFERRAL),
            "clinical": sealer.seal("demo", "clinical", clinical, referral_id=REFERRAL),
        }
        now = self.world.clock.now()
        when = {"authored_at": now, "needed_by": now, "order_expires_at": now}
        about = {"patient_ref": "pt-sample", "priority": priority, "pathway": "pw-1", "pathway_version": 1}
        await self.tell(ReferralReceived, **when, **about, seals=seals)
        await self.tell(ReferralFoundComplete)
        await self.tell(ProviderChosen, choice=1, provider_ref="prov-1", site_ref="site-1", scheduled_by="own")

    async def cancel(self) -> None:
        """The referral is cancelled."""
        reason = Reason(system="throughline", code="patient-recovered")
        await self.tell(ReferralCancelled, asked_by="referrer", reason=reason)

    async def until(self, holds: Any) -> Document:
        """The case, once this holds of it."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                document = await self.service.engine.read(REFERRAL)
                if document and holds(document):
                    return document
                await asyncio.sleep(0.01)

    async def until_step(self, act: str) -> Document:
        """The case, once this must be done next."""

        def holds(document: Document) -> bool:
            return act in {task.act for task in self.service.engine.tasks_of(document)}

        return await self.until(holds)

    async def published(self, count: int) -> list[Any]:
        """What was told beside changes of step, once it is so much; copies are left out."""
        topic, partition = topic_of("authorization"), self.world.bus.partition_of(REFERRAL)
        async with asyncio.timeout(DEADLINE_S):
            while len(found := _facts(self.world.disk.topics[topic, partition])) < count:
                await asyncio.sleep(0.01)
        return found


def _facts(records: Sequence[Received]) -> list[Fact]:
    told = {
        (envelope := from_headers(record.headers, record.key, record.topic)).sequence: (envelope, record)
        for record in records
    }
    kinds = [(FACTS[envelope.type], record) for envelope, record in told.values()]
    return [kind.model_validate_json(record.value or b"") for kind, record in kinds if kind is not StepChanged]


@asynccontextmanager
async def standing() -> AsyncIterator[Standing]:
    """Authorization with its doors open."""
    payer, world, issuer = Payer(), MemoryWorld(), Issuer()
    plan = blueprint(OwnSettings(payer_url="http://payers.example", payers_file=PAYERS_FILE))
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(payer))
    async with at_work(plan, world, Keyring(KEYS["authorization"]), http, issuer) as (service, app):
        yield Standing(world, service, app, issuer, payer)
