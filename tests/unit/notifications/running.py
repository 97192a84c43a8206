"""Notifications on a world in memory, with its doors open: facts come in on the bus, messages go out, HTTP answers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.notifications.app import blueprint
from shared.contracts.intake import ReferralReceived
from shared.contracts.language import Fact
from shared.contracts.processing import StepChanged
from shared.contracts.scheduling import VisitBooked
from shared.engine import Document
from shared.sealing import Keyring
from tests.support.callers import Issuer
from tests.support.five_services.wiring import client_to
from tests.support.memory import MemoryWorld
from tests.support.one_service import OneService, at_work
from tests.support.outside.sms_gateway import Twilio
from tests.support.outside.smtp_server import Server
from tests.support.tasks import only
from tests.unit.notifications.patients import LETTERHEAD, SMS, keyring, mail_settings, patient, visit
from tests.unit.notifications.talking import NOON, REFERRAL

DEADLINE_S = 60
ABOUT: Mapping[str, Any] = {
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
"""What every such fact of another service says."""


@dataclass
class Running(OneService):
    """The service at work, the world around it, and who may call it."""

    keys: Keyring
    twilio: Twilio
    mail: Server

    async def hear_of(self, kind: type[Fact], **said: Any) -> None:
        """Have another service tell a fact."""
        await self.hear(kind, **{**ABOUT, **said})

    async def hear_of_visit(self, **contact: Any) -> None:
        """The patient's referral came in, and a visit was booked."""
        sealed = partial(self.keys.seal, "demo", referral_id=REFERRAL)
        await self.hear_of(ReferralReceived, seals={"contact": sealed("contact", patient(**contact))})
        await self.hear_of(VisitBooked, seals={"visit": sealed("visit", visit())})

    def facts(self) -> list[Fact]:
        """What the service told, in order and each once, but for steps that change in between."""
        return [fact for _, fact in self.published() if not isinstance(fact, StepChanged)]

    async def until_step(self, *acts: str | None) -> None:
        """Wait until the conversation has one of these steps."""

        def holds(document: Document) -> bool:
            task = only(self.service.engine.tasks_of(document))
            return (task.act if task else None) in acts

        await self.until(REFERRAL, holds)

    async def until_told(self, *names: str) -> list[Fact]:
        """Wait until exactly these facts were told."""
        await self.until_true(lambda: list(names) == [type(fact).__name__ for fact in self.facts()])
        return self.facts()


def fact_of(kind: type[Fact], **said: Any) -> Fact:
    """A fact of another service, with what every such fact says."""
    return kind.model_validate({**ABOUT, **said})


@asynccontextmanager
async def running(mail: Server) -> AsyncIterator[Running]:
    """Notifications with its doors open."""
    world, keys, issuer, twilio = MemoryWorld(NOON), keyring(), Issuer(), Twilio()
    plan = blueprint(LETTERHEAD, SMS, mail_settings(mail.port))
    async with at_work(plan, world, keys, client_to(twilio), issuer) as (service, app):
        yield Running(world, service, app, issuer, keys, twilio, mail)
