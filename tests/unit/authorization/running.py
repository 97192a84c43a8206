"""Authorization on a world in memory, with its doors open and an invented payer behind it."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from services.authorization.app import blueprint
from services.authorization.settings import OwnSettings
from shared.contracts.intake import ReferralCancelled, ReferralFoundComplete, ReferralReceived
from shared.contracts.language import Fact, Reason
from shared.contracts.processing import StepChanged
from shared.contracts.scheduling import ProviderChosen
from shared.contracts.sealed import Clinical, Coding, CoverageDetails, Policy
from shared.engine import Document
from tests.support.callers import Issuer
from tests.support.five_services.keyrings import keyring, logged_keyring
from tests.support.five_services.plans import PAYERS_FILE
from tests.support.five_services.wiring import client_to
from tests.support.memory import MemoryWorld
from tests.support.one_service import OneService, at_work
from tests.unit.authorization.words import REFERRAL

MEMBER_ID, DIAGNOSIS = "MEMBER-CANARY", "F10.20"


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
class Running(OneService):
    """Authorization at work, its payer, and who may call it."""

    payer: Payer

    async def tell(self, fact: type[Fact], **content: Any) -> None:
        """Have another service tell a fact, and wait until it is taken in."""
        await self.until_seen(await self.hear(fact, REFERRAL, **content))

    async def refer(self, priority: str = "routine") -> None:
        """A referral with coverage is received, found complete, and given a provider."""
        sealer = keyring("intake")
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

    async def until_step(self, act: str) -> Document:
        """The case, once this must be done next."""
        engine = self.service.engine
        return await self.until(REFERRAL, lambda document: act in {task.act for task in engine.tasks_of(document)})

    async def until_told(self, count: int) -> list[Any]:
        """What was told beside changes of step, once it is so much; copies are left out."""

        def found() -> list[Fact]:
            return [fact for _, fact in self.published() if not isinstance(fact, StepChanged)]

        await self.until_true(lambda: len(found()) >= count)
        return found()


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    """Authorization with its doors open."""
    payer, world, issuer = Payer(), MemoryWorld(), Issuer()
    plan = blueprint(OwnSettings(payer_url="http://payers.example", payers_file=PAYERS_FILE))
    async with at_work(plan, world, logged_keyring("authorization"), client_to(payer), issuer) as (service, app):
        yield Running(world, service, app, issuer, payer)
