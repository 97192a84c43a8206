"""Kafka and MongoDB in Docker containers, published on 127.0.0.1 alone."""

import os
import secrets
from collections.abc import Callable, Sequence
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
        _run(programs, _KAFKA_PROGRAM, port, [*_options(kafka_variables(cluster_id, port)), KAFKA_IMAGE])
        programs.wait_until(_KAFKA_PROGRAM, lambda: answers_as(cluster_id, port), _START_S)
        return f"127.0.0.1:{port}"

    return on_free_port(launch)


def kafka_variables(cluster_id: str, port: int) -> dict[str, str]:
    """The environment of a broker in a container that is published on the same port of 127.0.0.1."""
    settings = kafka_settings.of_one_broker("0.0.0.0", port, _CONTROLLER_PORT)  # noqa: S104 - of the container
    variables = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}
    heap, *jvm = kafka_settings.JVM_FLAGS
    given = {"CLUSTER_ID": cluster_id, "KAFKA_HEAP_OPTS": heap, "KAFKA_JVM_PERFORMANCE_OPTS": " ".join(jvm)}
    return variables | given


def start_mongo(programs: Processes, _data: Path) -> str:
    """Start a mongod that is gone with its container; its address once it takes writes.

    It listens on the published port inside too: the one member of the set must find itself at its address.
    """

    def launch(port: int) -> str:
        set_name = mongod.new_set_name()
        options = [*mongod.mongod_options(set_name, port), "--bind_ip_all"]
        _run(programs, mongod.PROGRAM, port, [MONGO_IMAGE, *options])
        return mongod.wait_for_primary(programs, set_name, port)

    return on_free_port(launch)


def _pull(programs: Processes, image: str) -> None:
    try:
        programs.start("docker-pull", ["docker", "pull", image], os.environ, None)
        programs.finish("docker-pull", _PULL_S)
    except ProgramFailed as failure:
        raise Lacking(f"the image {image} cannot be pulled", "pull it where there is a network") from failure


def _options(variables: dict[str, str]) -> list[str]:
    return [option for name, value in variables.items() for option in ("--env", f"{name}={value}")]


def _run(programs: Processes, program: str, port: int, options_and_image: Sequence[str]) -> None:
    """Run in the foreground: the client's log is the container's, and so is its end."""
    name = f"throughline-{program}-{secrets.token_hex(4)}"
    argv = ["docker", "run", "--rm", "--name", name, "--label", "throughline", "--publish", f"127.0.0.1:{port}:{port}"]
    programs.start(
        program, [*argv, *options_and_image], os.environ, None, undo=["docker", "rm", "--force", "--volumes", name]
    )
