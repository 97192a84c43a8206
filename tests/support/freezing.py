"""A broker that stands still, as when its machine pauses: the very one that a test talks to."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.broker_probe import cluster_at
from tests.support.machine import descendants, soon

_DOCKER_S = 120
_THAW_S = 180
_STEADY_LOOKS = 100


@contextmanager
def frozen_broker(bootstrap: str) -> Iterator[None]:
    """Whoever listens at this address answers nothing meanwhile; a test skips where it is not ours to freeze."""
    port = bootstrap.rpartition(":")[2]
    with _frozen(port):
        yield
    looks = _Looks()
    assert soon(lambda: looks.good_in_a_row(bool(cluster_at(int(port)))), _THAW_S), "The broker did not come back."


class _Looks:
    """Counts good looks: a broker that was away answers once, is put out of its cluster, and comes back."""

    def __init__(self) -> None:
        self._good = 0

    def good_in_a_row(self, good: bool) -> bool:
        self._good = self._good + 1 if good else 0
        return self._good >= _STEADY_LOOKS


@contextmanager
def _frozen(port: str) -> Iterator[None]:
    if containers := _containers(port):
        assert _docker("pause", *containers) == containers, "The broker's container cannot be paused."
        try:
            yield
        finally:
            _docker("unpause", *containers)
    elif pids := _processes(port):
        _signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(pids, signal.SIGCONT)
    else:
        pytest.skip("The broker is neither a container nor a process of ours, so that it cannot be frozen.")


def _containers(port: str) -> list[str]:
    return _docker("ps", "--quiet", "--filter", f"publish={port}") if shutil.which("docker") else []


def _docker(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        timeout=_DOCKER_S,
        check=False,
    )
    return done.stdout.split() if done.returncode == 0 else []


def _processes(port: str) -> list[int]:
    """Brokers of ours: Kafka is started on a folder that is named after its port, Tansu on the address itself."""
    named = f"/kafka-{port}/server.properties", f"tcp://127.0.0.1:{port}"
    return [pid for pid in descendants(os.getpid()) if any(name in _command_line(pid) for name in named)]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)
