"""Access records on a real broker and database, and what `throughline access verify` says of them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest

from deploy.cli.access import verified
from deploy.local.platform import kafka_settings
from deploy.local.stack import Stack
from deploy.platform.keys import PUBLIC_ACCESS_KEYS, write_state
from deploy.platform.topics import topics
from shared.audit import AccessRecord, Broken, Forwarder, Keeper, Recorder, public_keys
from shared.contracts.envelope import ACCESS_TOPIC
from shared.kafka import apply_topics
from shared.mongo import connect
from shared.service.on_record import COLLECTION, recorder_of
from shared.settings import ClockSettings, KafkaSettings, MongoSettings
from shared.world import RealWorld

INTAKE = "access of intake"


@dataclass
class Installation:
    """A broker and a database of one's own, by prefixes, and the keys of the services."""

    world: RealWorld
    kafka: KafkaSettings
    mongo: MongoSettings
    keys: Path

    async def process(self, service: str, *subjects: str) -> Recorder:
        """A process of a service writes these, sends them, and signs where its chain is."""
        recorder = recorder_of(service, self.world, self.keys / "access" / f"{service}.json")
        await recorder.prepare()
        for subject in subjects:
            record = AccessRecord(
                kind="request", at=recorder.now(), service=service, outcome="allowed", subject=subject
            )
            await recorder.write(record)
        forwarder = Forwarder(recorder, self.world.bus)
        await forwarder.forward()
        await forwarder.send_heads()
        return recorder

    async def broken(self) -> dict[str, tuple[Broken, ...]]:
        """What the command finds."""
        keys = public_keys(json.loads((self.keys / PUBLIC_ACCESS_KEYS).read_bytes()))
        found = await verified(self.mongo, self.kafka, keys)
        return {name: each.broken for name, each in found.items() if each.broken}


@pytest.fixture
async def installation(stack: Stack, tmp_path: Path) -> AsyncIterator[Installation]:
    """One that nobody else has."""
    prefix = f"t{token_hex(4)}_"
    kafka = kafka_settings(stack).model_copy(update={"topic_prefix": prefix, "group_prefix": prefix})
    mongo = MongoSettings.model_validate({"uri": stack.mongo_uri, "database_prefix": prefix})
    write_state(tmp_path, ["demo"])
    await apply_topics(kafka, topics(), replication=1)
    world = RealWorld(kafka, mongo, ClockSettings())
    yield Installation(world, kafka, mongo, tmp_path)
    client = connect(mongo)
    for service in ("intake", "tracking"):
        await client.drop_database(f"{prefix}{service}")
    client.close()
    await world.close()


class TestVerify:
    async def test_finds_what_was_done_to_the_records(self, installation: Installation) -> None:
        """Nothing at first; then an edit; then the whole chain written anew, with all hashes."""
        first = await installation.process("intake", "a", "b", "c")
        await installation.process("intake", "d")
        chain = first.head.chain
        whole = await installation.broken()

        client = connect(installation.mongo)
        rows = client[f"{installation.mongo.database_prefix}intake"][COLLECTION]
        await rows.update_one({"_id": f"{chain}:000000000002"}, {"$set": {"subject": "somebody.else"}})
        edited = await installation.broken()
        await rows.delete_many({"chain": chain})
        forger = Recorder("intake", first.rows, chain, installation.world.epoch_s)
        for subject in ("a", "somebody.else", "c"):
            record = AccessRecord(kind="request", at=forger.now(), service="intake", outcome="allowed", subject=subject)
            await forger.write(record)
        rewritten = await installation.broken()
        client.close()

        assert {} == whole
        assert {INTAKE: (Broken(chain, 2, "altered"),)} == edited
        assert {INTAKE: (Broken(chain, 3, "rewritten"),)} == rewritten

    async def test_finds_the_copy_whole(self, installation: Installation) -> None:
        """Tracking keeps what every service has sent, byte for byte."""
        await installation.process("intake", "a", "b")
        subscription = installation.world.subscription("tracking-access", [ACCESS_TOPIC])
        rows = installation.world.rows("tracking", COLLECTION)
        await subscription.start()
        keeper = Keeper(subscription, rows, "tracking")
        while len(await rows.find({}, [("_id", 1)], 10)) < 2:
            await keeper.keep()
        await subscription.stop()

        assert {} == await installation.broken()
