"""The same chain of facts with FastStream, a message at a time: as its documentation teaches, or in a transaction each.

As taught, a handler writes and publishes, and nothing makes the two one. With transactions it has the product's
guarantees by the usual means: inbox, state and outbox in one. `python -m bench.peer_faststream SERVICE PORT`.
"""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pydantic import BaseModel, Field
from pymongo.errors import DuplicateKeyError

from bench.bare import create_app, serve
from bench.story import ORDER, REACTIONS, SEALS, at_once, consumes

Document = dict[str, Any]
HAS_TRANSACTIONS = os.environ.get("PEER_TRANSACTIONS") == "true"


class PublishedFact(BaseModel):
    """A fact on its way."""

    id: str = Field(default_factory=lambda: str(uuid4()))
    referral_id: str
    fact: str
    source: str
    seals: list[str] = []


class Peer:
    """One service. `topic` is a pattern for a service's name."""

    def __init__(self, service: str, topic: str, broker: KafkaBroker) -> None:
        self.service, self.topic, self.broker = service, topic, broker
        self.client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(os.environ["MONGO_URI"], w="majority")
        self.db = self.client[topic.format("db").replace(".", "_")]
        self.state, self.inbox, self.outbox = (self.db[f"{service}_{name}"] for name in ("state", "inbox", "outbox"))

    async def prepare(self) -> None:
        """Make the collections: transactions that make one and the same get in each other's way."""
        for collection in (self.state, self.inbox, self.outbox):
            await self.db.create_collection(collection.name)

    def subscribe(self) -> None:
        """Consume what the others publish."""
        self.broker.subscriber(
            *[self.topic.format(name) for name in consumes()],
            group_id=self.topic.format(f"reader-{self.service}"),
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR if HAS_TRANSACTIONS else AckPolicy.ACK_FIRST,
            fetch_max_wait_ms=int(os.environ["KAFKA_FETCH_MAX_WAIT_MS"]),
        )(self.handle)

    async def handle(self, consumed: PublishedFact) -> None:
        """Take one message in."""
        await (self.in_a_transaction(consumed) if HAS_TRANSACTIONS else self.as_taught(consumed))

    async def as_taught(self, consumed: PublishedFact) -> None:
        """Write, then publish."""
        await self._write(consumed, None)
        for published in self._answers(consumed):
            await self._publish(published)

    async def in_a_transaction(self, consumed: PublishedFact) -> None:
        """Inbox, state and outbox at once; then publish what is in the outbox, and take it out."""
        answers = self._answers(consumed)

        async def write(session: AsyncIOMotorClientSession) -> None:
            await self.inbox.insert_one({"_id": consumed.id}, session=session)
            await self._write(consumed, session)
            if answers:
                rows = [{"_id": published.id, **published.model_dump()} for published in answers]
                await self.outbox.insert_many(rows, session=session)

        try:
            async with await self.client.start_session() as session:
                await session.with_transaction(write)
        except DuplicateKeyError:
            return
        await self._relay(answers)

    async def _relay(self, answers: Sequence[PublishedFact]) -> None:
        for published in answers:
            await self._publish(published)
        if answers:
            await self.outbox.delete_many({"_id": {"$in": [published.id for published in answers]}})

    async def _write(self, consumed: PublishedFact, session: AsyncIOMotorClientSession | None) -> None:
        change = {"$inc": {"consumed": 1}, "$setOnInsert": {"seals": SEALS}}
        await self.state.update_one({"_id": consumed.referral_id}, change, upsert=True, session=session)
        if self.service == "tracking":
            await self.db["ledger"].insert_one({"_id": consumed.id, **consumed.model_dump()}, session=session)

    def _answers(self, consumed: PublishedFact) -> list[PublishedFact]:
        rounds = REACTIONS[self.service].get(consumed.fact, ())
        return [
            PublishedFact(
                referral_id=consumed.referral_id,
                fact=fact,
                source=self.service,
                seals=SEALS if fact == "received" else [],
            )
            for now in at_once(rounds)
            for fact in now
        ]

    async def _publish(self, published: PublishedFact) -> None:
        topic, key = self.topic.format(self.service), published.referral_id.encode()
        await self.broker.publish(published, topic, key=key, headers={"fact": published.fact})


def main(service: str, port: int) -> None:
    """Serve one service: intake with its HTTP endpoint."""
    broker = KafkaBroker(os.environ["KAFKA_BOOTSTRAP"], logger=None)
    peers: list[Peer] = []

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        peer = Peer(service, os.environ["TOPIC"], broker)
        await peer.prepare()
        peers.append(peer)
        peer.subscribe()
        async with broker:
            await broker.start()
            yield

    async def take(referral_id: str) -> None:
        await peers[0].handle(PublishedFact(referral_id=referral_id, fact=ORDER, source="http"))

    serve(create_app(take, running), port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
