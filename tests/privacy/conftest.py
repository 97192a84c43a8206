"""The stories, played once for all that is asked of them; and what is logged meanwhile, as it would really be."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
import structlog

from shared.ports import Record
from shared.telemetry import configure
from tests.privacy.outside import Outside, with_canaries
from tests.privacy.playing import Stage
from tests.privacy.scanning import Evidence, evidence_of
from tests.privacy.tales import PARKED, TALES
from tests.support.five_services.plans import DIRECTORY
from tests.support.five_services.running import open_services
from tests.support.outside.smtp_server import Server, mail_server

DAYS = 75


@dataclass
class Played:
    """What was played, and all that it left."""

    stage: Stage
    mail: Server
    evidence: Evidence


@contextmanager
def logging_to(stream: io.StringIO) -> Iterator[None]:
    """Logs are configured as a service configures them, and put back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure("house", level="debug", stream=stream)
    try:
        yield
    finally:
        root.handlers[:], root.level = before, level
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


@pytest.fixture(scope="session")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """Every tale, in one house, played to its end."""
    directory = tmp_path_factory.mktemp("house") / "directory.json"
    directory.write_text(json.dumps(with_canaries(json.loads(DIRECTORY.read_text()))))
    outside, logged = Outside(), io.StringIO()
    with logging_to(logged):
        async with (
            mail_server() as mail,
            open_services(outside, directory=directory, mail_port=mail.port) as house,
        ):
            stage = Stage(house, outside)
            spoiled = set[str]()
            house.world.broker.mangle = lambda topic, record: _spoilt(record, spoiled, topic)
            for name, tale in TALES.items():
                if name == PARKED:
                    spoiled.add(house.keys.referral_id("demo", tale.order["source_system"], tale.order["order_number"]))
                await stage.begin(name, tale)
                await stage.settle()  # they want the same hours: who comes first decides who is sent where
            await stage.play(DAYS)
            await stage.look_at_everything()
            evidence = evidence_of(house)
            evidence.add("addresses and headers of requests", outside.seen_from_outside())
            evidence.add("Message-IDs", *(str(letter["Message-ID"]).encode() for letter in mail.received))
            evidence.add("logs", logged.getvalue().encode())
            yield Played(stage, mail, evidence)


def _spoilt(record: Record, referrals: set[str], topic: str) -> Record:
    """The seal for those who write to the patient does not survive the journey."""
    if (
        topic.endswith(".intake.v1")
        and (record.key or b"").decode() in referrals
        and b'"contact":' in (record.value or b"")
    ):
        said = json.loads(record.value or b"")
        said["seals"]["contact"] = said["seals"]["contact"][:-9]
        return replace(record, value=json.dumps(said).encode())
    return record
