"""Throughline's five services as processes, one replica each, beside an outside world that answers at once."""

import asyncio
import secrets
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bench import listen
from bench.dataset import Dataset
from bench.meter import stack_pids
from bench.run import Sender, Subject
from deploy.local.platform import TENANT, free_ports, kafka_settings
from deploy.local.processes import Processes
from deploy.local.programs import Program, Setting, programs
from deploy.local.stack import Stack
from deploy.platform import registry
from deploy.platform.keys import write_register, write_state
from deploy.platform.parties import parties_of
from deploy.platform.topics import topics
from shared.contracts.envelope import topic_of
from shared.contracts.notifications import MessageDelivered
from shared.kafka import apply_topics

START_S = 90.0
OUTSIDE = "outside"
READERS: Final[Mapping[str, Sequence[str]]] = {
    name: tuple(topic_of(publisher) for publisher in publishers) for name, publishers in registry.consumes().items()
}
"""The topics that each service reads, by consumer group."""
_TOLD: Final = f"{MessageDelivered.TYPE}.v1".encode()
_PATIENTS = ZoneInfo("America/New_York")
_NOON, _SATURDAY = time(12), 5


@dataclass(frozen=True)
class Product:
    """The running product, and how orders are sent to it."""

    subject: Subject
    sender: Sender
    processes: Processes

    def leave_intake_alone(self) -> None:
        """Stop everything but intake and the issuer, so that nobody else uses the machine."""
        for name in (*registry.names()[1:], OUTSIDE):
            self.processes.stop(name)

    async def facts_of_one(self) -> dict[str, float]:
        """How many facts each service has published per referral so far; one that is there twice counts once."""
        records = listen.every_record(self.subject.bootstrap, READERS["tracking"])
        published = {(record.topic, record.key, dict(record.headers)["ce_sequence"]) async for record in records}
        referrals = len({key for _, key, _ in published})
        counts = Counter(topic.split(".")[2] for topic, _, _ in published)
        return {service: count / referrals for service, count in sorted(counts.items())}


@contextmanager
def product(stack: Stack, directory: Path, dataset: Dataset) -> Iterator[Product]:
    """Yield the product, ready, at noon of a working day; on the way out, end it."""
    write_state(directory / "keys", [TENANT])
    asyncio.run(apply_topics(kafka_settings(stack), topics(), replication=1))
    now = datetime.now(UTC)
    noon = next_noon(now)
    setting = Setting(
        stack, TENANT, free_ports(), directory / "keys", directory, secrets.token_hex(16), clock_poll_s=1.0
    )
    write_register(setting.keys, dataset.parties(parties_of(TENANT)), setting.url("simulators"))
    with Processes(directory) as processes:
        for name, program in _programs(setting, dataset.write(directory), noon - now).items():
            processes.start(name, program.argv, program.env, program.ready_url)
        for name in (*registry.names(), OUTSIDE):
            processes.wait_ready(name, START_S)
        pids = {name: processes.pid(name) for name in (*registry.names(), OUTSIDE)} | stack_pids()
        yield Product(_subject(setting, pids), _sender(setting, dataset, noon), processes)


def _subject(setting: Setting, pids: dict[str, int]) -> Subject:
    bootstrap, port = setting.stack.kafka_bootstrap, setting.ports["intake"]
    return Subject("throughline", bootstrap, port, pids, topic_of("notifications"), _referral_told, READERS)


def _referral_told(record: Any) -> str | None:
    return record.key.decode() if dict(record.headers)["ce_type"] == _TOLD else None


def _sender(setting: Setting, dataset: Dataset, now: datetime) -> Sender:
    credentials = setting.keys / "clients" / f"{TENANT}-ehr.json"
    return Sender(dataset, now.isoformat(), setting.url("issuer"), str(credentials), setting.data)


def _programs(setting: Setting, files: dict[str, str], ahead: timedelta) -> dict[str, Program]:
    """The product's own programs, on the dataset, at noon; in the simulators' place, what answers at once."""
    found = programs(setting)
    simulators = found.pop("simulators")
    found[OUTSIDE] = replace(simulators, argv=(sys.executable, "-m", "bench.outside"))
    for name in registry.names():
        found[name] = _at_noon(name, found[name], ahead)
    return {name: replace(program, env={**program.env, **files}) for name, program in found.items()}


def _at_noon(name: str, service: Program, ahead: timedelta) -> Program:
    app = f"services.{name}.app:create_app"
    argv = tuple("bench.offset_clock:create_app" if word == app else word for word in service.argv)
    settings = {"CLOCK_MOVABLE": "false", "BENCH_SERVICE": name, "BENCH_AHEAD_S": str(ahead.total_seconds())}
    return replace(service, argv=argv, env={**service.env, **settings})


def next_noon(now: datetime) -> datetime:
    """The next noon of a working day: an hour at which patients may be texted."""
    noon = datetime.combine(now.astimezone(_PATIENTS).date(), _NOON, _PATIENTS)
    while noon < now or noon.weekday() >= _SATURDAY:
        noon += timedelta(days=1)
    return noon.astimezone(UTC)
