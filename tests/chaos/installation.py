"""Two replicas of each service on a broker and a database of our own, each of which may be killed or frozen.

Everything is a process of one `Processes`, so that whatever a fault does, the end of the run ends it all.
"""

import asyncio
import os
import re
import secrets
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local import kafka_jvm, mongod
from deploy.local.broker_probe import answers_as
from deploy.local.platform import TENANT, free_ports, kafka_settings
from deploy.local.ports import free_port
from deploy.local.processes import Processes
from deploy.local.programs import Program, Setting, programs
from deploy.local.stack import Stack
from deploy.platform import registry
from deploy.platform.addresses import Addresses
from deploy.platform.keys import write_register, write_state
from deploy.platform.parties import parties_of
from deploy.platform.topics import topics
from shared.kafka import apply_topics

REPLICAS = (1, 2)
BROKER, DATABASE = kafka_jvm.PROGRAM, mongod.PROGRAM
_START_S, _TERM_S, _POLL_S = 90.0, 30.0, 0.05


def replica(service: str, number: int) -> str:
    """What a replica of a service is called."""
    return f"{service}-{number}"


SERVICE_REPLICAS = tuple(replica(service, number) for service in registry.names() for number in REPLICAS)


@dataclass
class Installation:
    """The running parts by name. `ways` are the addresses by replica: the services' first, then their second."""

    processes: Processes
    stack: Stack
    ways: tuple[Addresses, ...]
    data: Path

    async def kill(self, name: str) -> None:
        """End a part as a crash would."""
        self.processes.kill(name)

    async def freeze(self, name: str) -> None:
        """Let a part stand still, as a machine that is starved or paused does."""
        self._signal(name, signal.SIGSTOP)

    async def thaw(self, name: str) -> None:
        """Let it go on, not knowing how long it stood still."""
        self._signal(name, signal.SIGCONT)

    async def end(self, name: str) -> None:
        """Ask a part to end, as a rolling restart does; what has not ended in time is killed, as orchestrators do."""
        self._signal(name, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(_TERM_S):
                while self.processes.alive(name):
                    await asyncio.sleep(_POLL_S)
        self.processes.kill(name)

    async def start(self, name: str) -> None:
        """Start a part that has ended, on the same port and the same data."""
        self.processes.start_again(name)

    async def is_ready(self, name: str) -> bool:
        """Whether a part does its work: a service says so, the broker tells its topics, the database takes writes."""
        if name == BROKER:
            return await asyncio.to_thread(_broker_answers, self.stack.kafka_bootstrap, self.data)
        if name == DATABASE:
            return await asyncio.to_thread(_takes_writes, self.stack.mongo_uri)
        return await asyncio.to_thread(self.processes.is_ready, name)

    def ended(self) -> list[str]:
        """Those that run no more, though nobody ended them."""
        return self.processes.ended()

    def log(self, name: str) -> Path:
        """Where a part writes."""
        return self.processes.log(name)

    def _signal(self, name: str, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has ended by itself, which is noticed elsewhere
            os.kill(self.processes.pid(name), number)


@contextmanager
def installation(directory: Path) -> Iterator[Installation]:
    """Yield everything, ready, on real Kafka and mongod; on the way out, end it.

    Raises Lacking when this machine has no Java, Maven or mongod, ProgramFailed when a part does not start.
    """
    kafka_jvm.find_java(), kafka_jvm.find_maven(), mongod.find()
    keys = directory.resolve() / "keys"
    write_state(keys, [TENANT])
    shutil.rmtree(directory / "logs", ignore_errors=True)  # what is judged is this run
    with (
        TemporaryDirectory(prefix="data-", dir=directory.resolve(), ignore_cleanup_errors=True) as folder,
        Processes(directory) as processes,
    ):
        data = Path(folder)
        kafka_jvm.fetch(processes, print)
        stack = _stack(processes, data)
        asyncio.run(apply_topics(kafka_settings(stack), topics(), replication=1))
        settings = _settings(stack, keys, data)
        write_register(keys, parties_of(TENANT), settings[0].url("simulators"))
        parts = _parts(settings)
        try:
            _start(processes, parts)
            yield Installation(processes, stack, tuple(map(partial(_addresses, processes), settings)), data)
        finally:
            _thaw_all(processes, [*parts, BROKER, DATABASE])


def _start(processes: Processes, parts: Mapping[str, Program]) -> None:
    """All at once, then wait for each."""
    for name, part in parts.items():
        processes.start(name, part.argv, part.env, part.ready_url)
    for name in parts:
        processes.wait_ready(name, _START_S)


def _stack(processes: Processes, data: Path) -> Stack:
    return Stack(
        kind="maven",
        kafka_bootstrap=kafka_jvm.start(processes, data),
        mongo_uri=mongod.start(processes, data),
        idempotent_producer=True,
        fetch_max_wait_ms=500,
        chosen_because="its parts are ours to kill",
    )


def _settings(stack: Stack, keys: Path, data: Path) -> tuple[Setting, ...]:
    """One per replica: the same but for the services' own ports. A replica calls, and is called back, by its own."""
    first = Setting(stack, TENANT, free_ports(), keys, data, secrets.token_hex(16), clock_poll_s=0.2)
    taken = set(first.ports.values())
    others = (port for port in iter(free_port, None) if port not in taken)
    second = replace(first, ports={**first.ports, **{service: next(others) for service in registry.names()}})
    return first, second


def _parts(settings: tuple[Setting, ...]) -> dict[str, Program]:
    alone = {name: part for name, part in programs(settings[0]).items() if name not in registry.names()}
    replicas = {
        replica(service, number): programs(setting)[service]
        for number, setting in zip(REPLICAS, settings, strict=True)
        for service in registry.names()
    }
    return {**alone, **replicas}


def _addresses(processes: Processes, setting: Setting) -> Addresses:
    return Addresses(
        tenant=setting.tenant,
        urls={name: setting.url(name) for name in (*registry.names(), "simulators", "issuer")},
        credentials_file=setting.keys / "clients" / f"{setting.tenant}-cli.json",
        kafka_bootstrap=setting.stack.kafka_bootstrap,
        mongo_uri=setting.stack.mongo_uri,
        logs=processes.log(BROKER).parent,
    )


def _thaw_all(processes: Processes, names: list[str]) -> None:
    """What stands still cannot end in good order."""
    for name in names:
        if processes.alive(name):
            os.kill(processes.pid(name), signal.SIGCONT)


def _broker_answers(bootstrap: str, data: Path) -> bool:
    """Asked in Kafka's own protocol: the client would log each refusal."""
    port = int(bootstrap.rpartition(":")[2])
    properties = (data / f"{BROKER}-{port}" / "log" / "meta.properties").read_text()
    (cluster_id,) = re.findall(r"^cluster\.id=(.+)$", properties, re.MULTILINE)
    return answers_as(cluster_id, port)


def _takes_writes(uri: str) -> bool:
    client: MongoClient[dict[str, object]]
    with MongoClient(uri, serverSelectionTimeoutMS=1000, timeoutMS=2000) as client:
        try:
            return bool(client.admin.command("hello")["isWritablePrimary"])
        except PyMongoError:
            return False
