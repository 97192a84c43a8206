"""The platform of docker-compose.yml under a name of its own, on ports of its own, and gone however the tests end."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from deploy.local.platform import TENANT
from deploy.local.ports import distinct_ports
from deploy.local.reaper import Reaper
from deploy.platform import registry
from deploy.platform.addresses import Addresses

PUBLISHED = (*registry.names(), "simulators", "issuer")
PORTS = (*PUBLISHED, "kafka")
_LONGEST_S = 600


class ComposeFailed(AssertionError):
    """A command of docker compose failed; the message says how."""


class Composed:
    """Containers that are driven as an operator does it: by commands of docker compose."""

    def __init__(self, directory: Path) -> None:
        self.project = f"throughline-test-{token_hex(4)}"
        self._ports = dict(zip(PORTS, distinct_ports(len(PORTS)), strict=True))
        self._credentials = directory / "client.json"

    def compose(self, *argv: str, timeout_s: float = _LONGEST_S) -> str:
        """What the command prints. Raises ComposeFailed."""
        done = self.attempt(*argv, timeout_s=timeout_s)
        if done.returncode:
            raise ComposeFailed(f"docker compose {' '.join(argv)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout

    def attempt(self, *argv: str, timeout_s: float = _LONGEST_S) -> subprocess.CompletedProcess[str]:
        """How the command ended, whichever way."""
        ports = {f"{name.upper()}_PORT": str(port) for name, port in self._ports.items()}
        names = {"COMPOSE_PROJECT_NAME": self.project, "THROUGHLINE_VERSION": "test"}
        env = {**os.environ, **ports, **names}
        command = ["docker", "compose", *argv]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=env, timeout=timeout_s)

    def up(self, *options: str) -> None:
        """Start what does not run, and wait until all of it is healthy. Raises ComposeFailed with the last logs."""
        done = self.attempt("up", "--detach", "--wait", "--wait-timeout", "300", *options)
        if done.returncode:
            logs = self.attempt("logs", "--tail", "15").stdout
            raise ComposeFailed(f"docker compose up {' '.join(options)}\n{done.stderr[-2000:]}\n{logs}")

    def kill_one(self, service: str) -> None:
        """End one of its replicas as a crash would; the others stay."""
        containers = self.compose("ps", "--quiet", service).split()
        subprocess.run(["docker", "kill", containers[0]], check=True, capture_output=True, timeout=_LONGEST_S)

    def cli(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """The command line inside, beside the services."""
        return self.attempt("run", "--rm", "--no-TTY", "cli", *argv)

    def addresses(self) -> Addresses:
        """Where this machine finds it, and as whom."""
        self.compose("cp", "setup:/parts/cli/client.json", str(self._credentials))
        urls = {name: f"http://127.0.0.1:{self._ports[name]}" for name in PUBLISHED}
        return Addresses(tenant=TENANT, urls=urls, credentials_file=self._credentials)


@contextmanager
def composed(directory: Path) -> Iterator[Composed]:
    """Yield a platform that is built, started and healthy; afterwards nothing of it is left but the images."""
    running = Composed(directory)
    reaper = Reaper()
    down = ["docker", "compose", "--project-name", running.project, "down", "--volumes", "--timeout", "5"]
    try:
        reaper.watch(running.project, None, undo=down)
        running.compose("build", "--quiet")
        running.up()
        yield running
    finally:
        subprocess.run(down, check=False, capture_output=True, timeout=300)
        reaper.close()
