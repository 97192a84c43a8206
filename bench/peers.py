"""The same chain of facts by other hands, five processes on the same stack: what the product is held against."""

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.meter import stack_pids
from bench.run import Subject
from bench.story import LISTENS_TO, TOLD
from deploy.local.platform import kafka_settings
from deploy.local.ports import free_port
from deploy.local.processes import Processes
from deploy.local.stack import Stack
from deploy.platform import registry
from shared.kafka import Topic, apply_topics

START_S: Final = 60.0
FACT_BYTES: Final = 1024 * 1024
PEERS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "floor": ("bench.floor", {"FLOOR_CALLS": "false"}),
    "floor with calls": ("bench.floor", {"FLOOR_CALLS": "true"}),
    "faststream": ("bench.peer_faststream", {"PEER_TRANSACTIONS": "false"}),
    "faststream with transactions": ("bench.peer_faststream", {"PEER_TRANSACTIONS": "true"}),
}
"""By name: the module that serves one service of it, and its settings."""


@contextmanager
def peer(name: str, stack: Stack, directory: Path, services: Sequence[str] = registry.names()) -> Iterator[Subject]:
    """Yield a peer, ready, with these of its services, of which intake is one; on the way out, end it."""
    module, settings = PEERS[name]
    topic = f"{name.replace(' ', '-')}.{{}}"
    topics = [Topic(topic.format(service), FACT_BYTES) for service in registry.names()]
    asyncio.run(apply_topics(kafka_settings(stack), topics, replication=1))
    env = {**settings, "TOPIC": topic, **_environment(stack)}
    publishers = registry.consumes()
    ports = {service: free_port() for service in services}
    with Processes(directory / module) as processes:
        for service, port in ports.items():
            argv = [sys.executable, "-m", module, service, str(port)]
            own = {**env, LISTENS_TO: ",".join(publishers[service])}
            processes.start(service, argv, own, f"http://127.0.0.1:{port}/readyz")
        for service in ports:
            processes.wait_ready(service, START_S)
        pids = {service: processes.pid(service) for service in ports} | stack_pids()
        readers = {
            topic.format(f"reader-{service}"): [topic.format(source) for source in publishers[service]]
            for service in services
        }
        told_on = topic.format("notifications")
        yield Subject(name, stack.kafka_bootstrap, ports["intake"], pids, told_on, _referral_told, readers)


def _environment(stack: Stack) -> dict[str, str]:
    return {
        "MONGO_URI": stack.mongo_uri,
        "KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "KAFKA_IDEMPOTENT_PRODUCER": str(stack.idempotent_producer).lower(),
        "KAFKA_FETCH_MAX_WAIT_MS": str(stack.fetch_max_wait_ms),
    }


def _referral_told(record: Any) -> str | None:
    return record.key.decode() if dict(record.headers)["fact"] == TOLD.encode() else None
