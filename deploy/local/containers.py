"""Kafka and MongoDB in Docker containers, published on 127.0.0.1 alone."""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import kafka_settings, mongod
from deploy.local.broker_probe import answers_as
from deploy.local.ports import on_free_port
from deploy.local.processes import Processes, ProgramFailed
from deploy.local.tools import Lacking, output_of

KAFKA_IMAGE, MONGO_IMAGE = "apache/kafka:4.3.1", "mongo:8.0"
_KAFKA_PROGRAM = "kafka"
_CONTROLLER_PORT = 19_093  # seen inside the container only
_PULL_S, _START_S = 300.0, 90.0


@dataclass(frozen=True)
class Container:
    """Command lines of containers: the same port inside and outside, and outside on 127.0.0.1 alone."""

    name: str
    image: str
    port: int
    variables: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()

    @property
    def removal(self) -> Sequence[str]:
        """The command that ends and removes it, its data included."""
        return ["docker", "rm", "--force", "--volumes", self.name]


def find() -> str:
    """The engine's version; Lacking when no engine answers."""
    version = output_of(["docker", "info", "--format", "{{.ServerVersion}}"], "install and start Docker")
    if not version:
        raise Lacking("the Docker engine does not answer", "start Docker")
    return f"Docker {version.splitlines()[-1]}"


def fetch(programs: Processes, say: Callable[[str], None]) -> None:
    """Have both images; Lacking when one is neither here nor to be pulled."""
    for image in (KAFKA_IMAGE, MONGO_IMAGE):
        try:
            output_of(["docker", "image", "inspect", "--format", "{{.Id}}", image], "")
        except Lacking:
            say(f"Pulling the image {image}, once.")
            _pull(programs, image)


def start_kafka(programs: Processes, _data: Path) -> str:
    """Start a broker that is gone with its container; its address once it answers."""

    def launch(port: int) -> str:
        cluster_id = kafka_settings.new_cluster_id()
        _run(programs, _KAFKA_PROGRAM, kafka(cluster_id, port))
        programs.wait_until(_KAFKA_PROGRAM, lambda: answers_as(cluster_id, port), _START_S)
        return f"127.0.0.1:{port}"

    return on_free_port(launch)


def start_mongo(programs: Processes, _data: Path) -> str:
    """Start a mongod that is gone with its container; its address once it takes writes."""

    def launch(port: int) -> str:
        set_name = mongod.new_set_name()
        _run(programs, mongod.PROGRAM, mongo(set_name, port))
        return mongod.wait_for_primary(programs, set_name, port)

    return on_free_port(launch)


def kafka(cluster_id: str, port: int) -> Container:
    """A broker of one node, which advertises the port of 127.0.0.1 on which it is published."""
    settings = kafka_settings.of_one_broker("0.0.0.0", port, _CONTROLLER_PORT)  # noqa: S104 - of the container
    variables = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}
    heap, *jvm = kafka_settings.JVM_FLAGS
    given = {"CLUSTER_ID": cluster_id, "KAFKA_HEAP_OPTS": heap, "KAFKA_JVM_PERFORMANCE_OPTS": " ".join(jvm)}
    return Container(_name(_KAFKA_PROGRAM), KAFKA_IMAGE, port, variables=variables | given)


def mongo(set_name: str, port: int) -> Container:
    """A replica set of one. It listens on the published port inside too: it must find itself at its address."""
    options = [*mongod.mongod_options(set_name, port), "--bind_ip_all"]
    return Container(_name(mongod.PROGRAM), MONGO_IMAGE, port, command=options)


def _name(program: str) -> str:
    return f"throughline-{program}-{secrets.token_hex(4)}"


def _pull(programs: Processes, image: str) -> None:
    try:
        programs.start("docker-pull", ["docker", "pull", image], os.environ, None)
        programs.finish("docker-pull", _PULL_S)
    except ProgramFailed as failure:
        raise Lacking(f"the image {image} cannot be pulled", "pull it where there is a network") from failure


def _run(programs: Processes, program: str, container: Container) -> None:
    """Run in the foreground: the client's log is the container's, and so is its end."""
    argv = ["docker", "run", "--rm", "--name", container.name, "--label", "throughline"]
    argv += ["--publish", f"127.0.0.1:{container.port}:{container.port}"]
    argv += [option for name, value in container.variables.items() for option in ("--env", f"{name}={value}")]
    programs.start(program, [*argv, container.image, *container.command], os.environ, None, undo=container.removal)
