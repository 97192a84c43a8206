"""One service with its doors open on a world in memory: who may call it, what it hears from others, what it publishes.

What lies outside of it, and what its facts are about, say those who run it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
from fastapi import FastAPI

from shared.contracts.catalogue import FACTS, PUBLISHED, wire_type
from shared.contracts.envelope import Envelope, from_headers, source_of, to_headers, topic_of
from shared.contracts.language import Actor, Fact
from shared.engine import Document
from shared.identity import Role, audience_of
from shared.ports import Received, Record
from shared.sealing import Keyring
from shared.service import Blueprint, Service, wire
from shared.service.on_record import recorder_of
from shared.world import World
from tests.support.callers import Issuer
from tests.support.clients import everybody
from tests.support.five_services.plans import address_of
from tests.support.five_services.wiring import app_of, hooks
from tests.support.memory import MemoryWorld
from tests.support.parties import PERSON

POLL_S = 0.02
"""The clock door looks this often: a test waits for what is due, not for a second to pass."""
DEADLINE_S = 60
"""Nothing that a test waits for takes longer."""


@dataclass
class OneService:
    """A service at work, the world around it, and who may call it."""

    world: MemoryWorld
    service: Service
    app: FastAPI
    issuer: Issuer
    heard: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)

    def client(self, *roles: Role, tenant: str = "demo", subject: str = PERSON, **more: Any) -> httpx2.AsyncClient:
        """A program or a person with these roles."""
        return self.client_with(headers=self.issuer.headers(*roles, tenant=tenant, subject=subject), **more)

    def client_with(self, **more: Any) -> httpx2.AsyncClient:
        """Somebody who sends along what is said here."""
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(**{"transport": transport, "base_url": address_of(self.service.name), **more})

    def now(self) -> datetime:
        """The business time."""
        return self.service.now()

    def pass_time(self, time: timedelta) -> None:
        """Move the business clock on."""
        self.world.disk.offset += time

    async def hear(self, fact: type[Fact], referral_id: str, **said: Any) -> Envelope:
        """The service that publishes such facts publishes its next about this referral."""
        source = next(service for service, facts in PUBLISHED.items() if fact in facts)
        about = {"occurred_at": self.now(), "recorded_by": Actor(kind="service", id=source), "channel": "kafka"}
        whole = fact.model_validate({**about, "referral_id": referral_id, **said})
        self.heard[source, referral_id] += 1
        number, type_ = self.heard[source, referral_id], wire_type(fact)
        envelope = Envelope(source_of("demo", source), referral_id, number, type_, whole.occurred_at)
        await self.publish(envelope, whole.model_dump_json().encode())
        return envelope

    async def publish(self, envelope: Envelope, value: bytes) -> None:
        """A record of another service is on the bus."""
        subject = envelope.subject
        record = Record(subject.encode(), to_headers(envelope), value)
        await self.world.bus.send(topic_of(envelope.service), self.world.bus.partition_of(subject), [record])

    async def until_seen(self, envelope: Envelope) -> None:
        """Wait until the service has taken in what came with this envelope."""
        service, sequence = envelope.service, envelope.sequence
        await self.until(envelope.subject, lambda document: document.seen.get(service, 0) >= sequence)

    async def until(self, referral_id: str, holds: Callable[[Document], object]) -> Document:
        """What is saved of a referral, once this holds of it."""
        async with asyncio.timeout(DEADLINE_S):
            while not ((document := await self.service.engine.read(referral_id)) and holds(document)):
                await asyncio.sleep(0.01)
        return document

    async def until_true(self, holds: Callable[[], object]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                await asyncio.sleep(0.01)

    def records(self) -> list[Received]:
        """All that is on the topic of the service."""
        topics = sorted(self.world.disk.topics.items())
        return [each for (topic, _), records in topics if topic == topic_of(self.service.name) for each in records]

    def published(self) -> list[tuple[str, Fact]]:
        """Every fact on the topic with its referral, in order. One may be there twice; it counts once."""
        first: dict[str, tuple[str, Fact]] = {}
        for record in self.records():
            envelope = from_headers(record.headers, record.key, record.topic)
            fact = FACTS[envelope.type].model_validate_json(record.value or b"")
            first.setdefault(envelope.id, (envelope.subject, fact))
        return list(first.values())


@asynccontextmanager
async def at_work(
    plan: Blueprint, world: World, keyring: Keyring, http: httpx2.AsyncClient, issuer: Issuer
) -> AsyncIterator[tuple[Service, FastAPI]]:
    """The service, started, and its app, which believes the issuer. An error that would only be logged is raised."""
    recorder = recorder_of(plan.name, world)
    service = wire(plan, world, keyring, everybody(http), hooks(stop_process=lambda: None), POLL_S, recorder)
    app = app_of(plan, issuer.verifier(audience_of(plan.name)), lambda: service, recorder)
    app.state.service = service
    await service.start()
    try:
        yield service, app
    finally:
        await service.stop()
