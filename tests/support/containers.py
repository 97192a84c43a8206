"""Kafka and MongoDB by testcontainers, as the tests want them: small, empty, and gone however the tests end."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.local.containers import KAFKA_IMAGE, MONGO_IMAGE, kafka_variables
from deploy.local.kafka_settings import new_cluster_id
from deploy.local.mongod import mongod_options, new_set_name
from deploy.local.ports import free_port
from deploy.local.reaper import Reaper
from deploy.local.stack import Stack
from deploy.platform.replica_set import only_member, uri
from tests.support.machine import soon

_START_S = 240


class KafkaContainer(DockerContainer):
    """A broker of one node, published on the port of 127.0.0.1 that it also advertises."""

    def __init__(self, port: int) -> None:
        self.name = _name("kafka")
        super().__init__(KAFKA_IMAGE, env=kafka_variables(new_cluster_id(), port), name=self.name)
        self.bootstrap = f"127.0.0.1:{port}"
        self.ports = _on_loopback(port)
        self.waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(_START_S))


class MongoContainer(DockerContainer):
    """A replica set of one, which finds itself at the port of 127.0.0.1 where we find it too."""

    def __init__(self, port: int) -> None:
        self.name = _name("mongo")
        super().__init__(MONGO_IMAGE, name=self.name)
        self.set_name, self.member = new_set_name(), f"127.0.0.1:{port}"
        self.with_command([*mongod_options(self.set_name, port), "--bind_ip_all"])
        self.ports = _on_loopback(port)
        self.waiting_for(LogMessageWaitStrategy("Waiting for connections").with_startup_timeout(_START_S))


@contextmanager
def containers() -> Iterator[Stack]:
    """Yield a stack of containers that takes records and writes; remove them afterwards, also when we are killed."""
    testcontainers_config.ryuk_disabled = True  # our own reaper needs no image, and no socket of the engine's
    kafka, mongo = KafkaContainer(free_port()), MongoContainer(free_port())
    reaper = Reaper()
    try:
        for container in (kafka, mongo):
            reaper.watch(container.name, None, undo=["docker", "rm", "--force", "--volumes", container.name])
        with kafka, mongo, only_member(mongo.set_name, mongo.member) as takes_writes:
            assert soon(takes_writes, _START_S), "The database does not take writes."
            yield _stack(kafka, mongo)
    finally:
        reaper.close()


def _stack(kafka: KafkaContainer, mongo: MongoContainer) -> Stack:
    return Stack(
        kind="testcontainers",
        kafka_bootstrap=kafka.bootstrap,
        mongo_uri=uri(mongo.set_name, mongo.member),
        idempotent_producer=True,
        fetch_max_wait_ms=500,
        chosen_because="Docker is running",
    )


def _on_loopback(port: int) -> dict[str, Any]:
    """The same port inside and outside; `with_bind_ports` would open it to the whole network."""
    return {str(port): ("127.0.0.1", port)}


def _name(program: str) -> str:
    return f"throughline-test-{program}-{token_hex(4)}"
