"""The same on real processes that are killed in the middle: what rests in broker, database, figures and files."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from pymongo import MongoClient

from deploy.cli.feed import Account, Feed, IntakeRequest
from deploy.cli.reach import Reach
from deploy.cli.story import Story, play
from deploy.local.platform import Platform
from shared.sealing import Keyring
from tests.e2e.running import started
from tests.e2e.test_story import with_kills
from tests.privacy.canaries import STEM
from tests.privacy.fhir import bundle
from tests.privacy.real import add_documents, add_logs, add_metrics, add_topics, files_with_the_stem
from tests.privacy.scanning import Evidence
from tests.privacy.tales import order
from tests.privacy.test_paths import opened
from tests.privacy.wrongs import BYTES, HEADERS, QUERIES

pytestmark = pytest.mark.timeout(1200)
"""The first test to run waits for a story on a platform of its own."""
ORDERS, DAYS = 4, 8
PLANTED = "referral.public.intake.v1.dlq"
"""A topic that no service reads."""


@dataclass
class Survived:
    """A platform whose services were killed, and what it has left so far."""

    platform: Platform
    directory: Path
    story: dict[str, Any]
    evidence: Evidence
    files: dict[str, list[str]]
    """By folder of the stack's data, the files that hold a canary. No folder where the stack is elsewhere."""


def bodies(start: datetime) -> list[IntakeRequest]:
    """Orders by both doors, written an hour ago."""
    authored_at, needed_by = start - timedelta(hours=1), start + timedelta(days=90)
    times = {"authored_at": authored_at.isoformat(), "needed_by": needed_by.isoformat(), "expires_at": None}
    medicare = {"coverage": [{"payer_name": "Medicare", "member_id": f"{STEM}member"}]}
    own = [order(f"k{n}", **times, **(medicare if n % 2 else {})) for n in range(ORDERS)]
    by_fhir = json.dumps(bundle("k")).replace("2026-03-02T", f"{authored_at:%Y-%m-%dT}")
    by_fhir = by_fhir.replace("2026-05-02T", f"{needed_by:%Y-%m-%dT}")
    told = [IntakeRequest(n, "/v1/referrals", json.dumps(each).encode()) for n, each in enumerate(own, 1)]
    return [*told, IntakeRequest(ORDERS + 1, "/fhir/R4", by_fhir.encode())]


async def send(reach: Reach, start: datetime) -> Account:
    """Send the orders, and much that is refused."""
    feed = Feed(reach, lambda _order: None)
    await feed.send_all(bodies(start))
    for service in ("intake", "authorization", "scheduling", "notifications", "tracking"):
        for query in QUERIES:
            await reach.insist(service, "GET", f"/v1/parked?{query}&after={STEM}")
        for headers in HEADERS:
            if "Authorization" not in headers:
                await reach.insist(service, "GET", f"/v1/{STEM}/{STEM}", headers=dict(headers))
    for content, type_ in BYTES.values():
        for path in ("/v1/referrals", "/fhir/R4"):
            await reach.insist("intake", "POST", path, content=content, headers={"Content-Type": type_})
    return feed.account


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survived]:
    """Referrals full of canaries through real processes, each of which is killed once in the middle of its work."""
    directory = tmp_path_factory.mktemp("privacy")
    with started(directory) as platform:
        story = Story(send, lambda _reach, _account, _start: (), DAYS)
        told = asyncio.run(play(platform.addresses, with_kills(story, platform)))
        data = [folder for folder in directory.glob("data-*") if any(folder.rglob("*.wt"))]
        files = {folder.name: list(files_with_the_stem(folder)) for folder in data}
        yield Survived(platform, directory, told, asyncio.run(collected(platform)), files)


async def collected(platform: Platform) -> Evidence:
    """Everything that the platform has left by now."""
    evidence, addresses = Evidence(), platform.addresses
    assert addresses.kafka_bootstrap
    assert addresses.mongo_uri
    assert addresses.logs
    await add_topics(evidence, addresses.kafka_bootstrap)
    add_documents(evidence, addresses.mongo_uri)
    await add_metrics(evidence, addresses)
    add_logs(evidence, addresses.logs)
    return evidence


def keys_in(directory: Path) -> Keyring:
    """All keys of all services."""
    files = [json.loads(file.read_text()) for file in (directory / "keys" / "sealing").glob("*.json")]
    every = {str(key["kid"]): key for jwk_set in files for key in jwk_set["keys"]}
    return Keyring({"keys": list(every.values())}, lambda _opening: None)


class TestPlatform:
    def test_takes_every_order_through_the_kills(self, survived: Survived) -> None:
        """Otherwise there would be nothing to look for."""
        assert ORDERS + 1 == survived.story["sent"]["new"]

    def test_leaves_no_canary_in_broker_database_figures_and_logs(self, survived: Survived) -> None:
        """Raw records of all topics, raw documents of all databases, all metrics, all that was printed."""
        assert {} == survived.evidence.leaks()
        assert {"value of referral.public.intake.v1", "document referrals", "log intake.log"} <= set(
            survived.evidence.places
        )

    def test_leaves_no_canary_in_the_files_below(self, survived: Survived) -> None:
        """Log segments, journals and data files hold what was deleted too."""
        if not survived.files:
            pytest.skip("The broker's and the database's files are not on this machine.")

        assert [] == [name for names in survived.files.values() for name in names]

    def test_keeps_every_canary_under_seal(self, survived: Survived) -> None:
        """What was scanned for was there."""
        found = opened(keys_in(survived.directory), survived.evidence)

        assert {f"{STEM}member", f"{STEM}kmember"} <= found


class TestScan:
    async def test_looks_at_every_place(self, survived: Survived) -> None:
        """A leak that is planted in each is found in each."""
        addresses = survived.platform.addresses
        assert addresses.kafka_bootstrap
        assert addresses.logs
        async with AIOKafkaProducer(bootstrap_servers=addresses.kafka_bootstrap) as producer:
            await producer.send_and_wait(PLANTED, STEM.encode(), STEM.encode(), headers=[("a", STEM.encode())])
        with MongoClient[Any](addresses.mongo_uri) as client:
            client["elsewhere"]["planted"].insert_one({"deep": [{"name": STEM}]})
        (addresses.logs / "planted.log").write_text(f"GET /{STEM}\n")
        found = (await collected(survived.platform)).leaks()

        planted = {
            *(f"{part} of {PLANTED}" for part in ("key", "header", "value")),
            "document planted",
            "log planted.log",
        }
        assert planted <= set(found)
        files = [name for folder in survived.files for name in files_with_the_stem(survived.directory / folder)]
        assert bool(survived.files) == any(name.endswith(".log") for name in files)
