"""Finds free ports for local programs."""

import random
import re
import socket
from collections.abc import Callable

from deploy.local.processes import ProgramFailed

# Below the range from which kernels lend ports to clients (32768 and up on Linux, 49152 elsewhere).
_PORTS = range(20_000, 32_000)
_TAKEN = re.compile(r"address (already )?in use|port is already allocated", re.IGNORECASE)
_TRIALS = 5


def free_port() -> int:
    """A free port of 127.0.0.1. Another program may take it first: its user must handle that."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311 - chance keeps two starters apart, it hides nothing
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def distinct_ports(number: int) -> list[int]:
    """So many free ports, no two the same."""
    found: set[int] = set()
    while len(found) < number:
        found.add(free_port())
    return list(found)


def on_free_port(launch: Callable[[int], str]) -> str:
    """What `launch` returns for a free port, or for another when somebody was faster."""
    for _ in range(_TRIALS - 1):
        try:
            return launch(free_port())
        except ProgramFailed as failure:
            if not _TAKEN.search(str(failure)):
                raise
    return launch(free_port())
