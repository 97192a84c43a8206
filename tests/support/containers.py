"""Kafka and MongoDB by testcontainers: those of the local stack, empty, and gone however the tests end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.local.containers import Container, kafka, mongo
from deploy.local.kafka_settings import new_cluster_id
from deploy.local.mongod import new_set_name
from deploy.local.ports import free_port
from deploy.local.reaper import Reaper
from deploy.local.stack import Stack
from deploy.platform.replica_set import only_member, uri
from tests.support.machine import soon

_START_S = 240


@contextmanager
def containers() -> Iterator[Stack]:
    """Yield a stack of containers that takes records and writes; remove them afterwards, also when we are killed."""
    testcontainers_config.ryuk_disabled = True  # our own reaper needs no image, and no socket of the engine's
    set_name = new_set_name()
    broker, database = kafka(new_cluster_id(), free_port()), mongo(set_name, free_port())
    member, reaper = f"127.0.0.1:{database.port}", Reaper()
    try:
        for container in (broker, database):
            reaper.watch(container.name, None, undo=container.removal)
        with (
            _started_by_testcontainers(broker, "Kafka Server started"),
            _started_by_testcontainers(database, "Waiting for connections"),
            only_member(set_name, member) as takes_writes,
        ):
            assert soon(takes_writes, _START_S), "The database does not take writes."
            yield Stack(
                kind="testcontainers",
                kafka_bootstrap=f"127.0.0.1:{broker.port}",
                mongo_uri=uri(set_name, member),
                idempotent_producer=True,
                fetch_max_wait_ms=500,
                chosen_because="Docker is running",
            )
    finally:
        reaper.close()


def _started_by_testcontainers(container: Container, ready: str) -> DockerContainer:
    """`ready` is what its log says once it may be asked."""
    found = DockerContainer(container.image, env=dict(container.variables), name=container.name)
    found.waiting_for(LogMessageWaitStrategy(ready).with_startup_timeout(_START_S))
    if container.command:
        found.with_command([*container.command])
    published: dict[str, Any] = {str(container.port): ("127.0.0.1", container.port)}
    found.ports = published  # `with_bind_ports` would open it to the whole network
    return found
