"""The floor: the same chain of facts with the same guarantees, written by hand, without a domain.

One document per aggregate and service, saved on its version with its outbox and high-water marks; batches of
whatever has arrived; each outbox published in order before an offset moves. `python -m bench.floor SERVICE PORT`.
"""

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from bench.bare import create_app, serve
from bench.relay import Document, Relay
from bench.story import ORDER, REACTIONS, SEALS, Rounds, at_once, consumes

BATCH, DUPLICATE_KEY = 500, 11000
Consumed = tuple[str, int, Any]
"""Source, sequence and fact; of ourselves (no source): the rounds that are left."""


class Floor:
    """One service of the floor. `topic` is a pattern for a service's name."""

    def __init__(self, service: str, topic: str, *, with_calls: bool) -> None:
        self.service, self.topic = service, topic
        self.reactions: Mapping[str, Rounds] = {
            fact: rounds if with_calls else at_once(rounds) for fact, rounds in REACTIONS[service].items()
        }
        client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(os.environ["MONGO_URI"], w="majority")
        self.documents: AsyncIOMotorCollection[Document] = client[topic.format("db").replace(".", "_")][service]
        self.rows: AsyncIOMotorCollection[Document] = self.documents.database[f"{service}_ledger"]
        self.relay = Relay(service, topic.format(service), self.documents)
        self.todo: dict[str, list[Consumed]] = defaultdict(list)
        self.waiting: list[asyncio.Future[None]] = []
        self.something = asyncio.Event()

    async def take(self, key: str) -> None:
        """Take an order in, with others of its moment; return once it is durable."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.todo[key].append(("", 0, self.reactions[ORDER]))
        self.waiting.append(future)
        self.something.set()
        await future

    async def work_off(self) -> None:
        """Save what is left to do, batch by batch, for ever."""
        while True:
            await self.something.wait()
            self.something.clear()
            work, self.todo = self.todo, defaultdict(list)
            waiting, self.waiting = self.waiting, []
            changed = await self.apply(work)
            for future in waiting:
                future.set_result(None)
            await self.relay.publish(changed)

    async def apply(self, work: Mapping[str, list[Consumed]]) -> list[Document]:
        """Load, fold, save on the version; losers again. What was saved."""
        saved: list[Document] = []
        while work:
            found = await self.documents.find({"_id": {"$in": list(work)}}).to_list(None)
            stored = {document["_id"]: document for document in found}
            drafts = {key: stored.get(key) or _new(key) for key in work}
            left = {key: self.fold(drafts[key], items) for key, items in work.items()}
            changed = [draft for key, draft in drafts.items() if left[key] is not None]
            lost = await self.save(changed)
            saved += [draft for draft in changed if draft["_id"] not in lost]
            for draft in changed:
                if draft["_id"] not in lost:
                    self.go_on(draft["_id"], left[draft["_id"]] or [])
            work = {key: items for key, items in work.items() if key in lost}
        return saved

    def fold(self, document: Document, items: list[Consumed]) -> list[Rounds] | None:
        """Apply what is new, in each source's order; the rounds that are left. None: nothing was new."""
        document["outbox"] = [e for e in document["outbox"] if e[0] > self.relay.published.get(document["_id"], 0)]
        left: list[Rounds] | None = None
        for source, sequence, fact in items:
            if source and sequence <= document["seen"].get(source, 0):
                continue
            if source:
                document["seen"][source] = sequence
            left = left or []
            now, *later = self.reactions.get(fact, ((),)) if source else fact
            for published in now:
                _add_to_outbox(document, self.service, published)
            left += [tuple(later)] if later else []
        return left

    def go_on(self, key: str, left: list[Rounds]) -> None:
        """What a save has made due is done next."""
        for rounds in left:
            self.todo[key].append(("", 0, rounds))
            self.something.set()

    async def save(self, documents: list[Document]) -> set[str]:
        """One bulk, each document on its version; who lost."""
        if not documents:
            return set()
        writes = []
        for document in documents:
            document["version"] += 1
            writes.append(
                ReplaceOne({"_id": document["_id"], "version": document["version"] - 1}, document, upsert=True)
            )
        try:
            await self.documents.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            return {documents[failed["index"]]["_id"] for failed in _only_duplicates(error)}
        return set()

    async def consume(self) -> None:
        """Batches of whatever has arrived; the offset moves after the save and the acknowledgements."""
        consumer = AIOKafkaConsumer(
            *[self.topic.format(name) for name in consumes()],
            bootstrap_servers=os.environ["KAFKA_BOOTSTRAP"],
            group_id=self.topic.format(f"reader-{self.service}"),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=[RangePartitionAssignor],
            fetch_max_wait_ms=int(os.environ["KAFKA_FETCH_MAX_WAIT_MS"]),
        )
        await consumer.start()
        while True:
            batches = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
            if records := [record for batch in batches.values() for record in batch]:
                await self.take_in(records)
                await consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})

    async def take_in(self, records: list[Any]) -> None:
        """Take in one batch."""
        work: dict[str, list[Consumed]] = defaultdict(list)
        rows = []
        for record in records:
            key, headers = record.key.decode(), {name: value.decode() for name, value in record.headers}
            work[key].append((headers["source"], int(headers["sequence"]), headers["fact"]))
            rows.append({"_id": f"{headers['source']}|{key}|{headers['sequence']}", "data": record.value})
        if self.service == "tracking":
            await self.append(rows)
        await self.relay.publish(await self.apply(work))

    async def append(self, rows: list[Document]) -> None:
        """The ledger: each fact once."""
        try:
            await self.rows.bulk_write([InsertOne(row) for row in rows], ordered=False)
        except BulkWriteError as error:
            _only_duplicates(error)

    async def run(self) -> None:
        """Work for ever."""
        await self.relay.start()
        await asyncio.gather(self.consume(), self.work_off(), self.relay.keep_clear())


def _new(key: str) -> Document:
    return {"_id": key, "version": 0, "state": {"seals": SEALS}, "seen": {}, "sequence": 0, "outbox": []}


def _add_to_outbox(document: Document, service: str, fact: str) -> None:
    document["sequence"] += 1
    data = {"fact": fact, "occurred_at": "2026-03-02T09:00:00Z", "recorded_by": {"kind": "service", "id": service}}
    seals = {"seals": SEALS} if fact == "received" else {}
    document["outbox"].append([document["sequence"], fact, json.dumps(data | seals).encode()])


def _only_duplicates(error: BulkWriteError) -> list[Any]:
    failed: list[Any] = error.details["writeErrors"]
    if any(each["code"] != DUPLICATE_KEY for each in failed):
        raise error
    return failed


def main(service: str, port: int) -> None:
    """Serve one service: intake with its HTTP endpoint."""
    floor: Floor | None = None

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        nonlocal floor
        floor = Floor(service, os.environ["TOPIC"], with_calls=os.environ["FLOOR_CALLS"] == "true")
        task = asyncio.create_task(floor.run())
        yield
        task.cancel()

    async def take(key: str) -> None:
        assert floor is not None
        await floor.take(key)

    serve(create_app(take, running), port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
