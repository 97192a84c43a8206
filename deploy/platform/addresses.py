"""The addresses of a running platform: the program that starts it writes them, its callers read them."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from deploy.platform import registry
from deploy.platform.keys import write_private

DEFAULT_PORTS: Final[Mapping[str, int]] = {
    "intake": 8101,
    "authorization": 8102,
    "scheduling": 8103,
    "notifications": 8104,
    "tracking": 8105,
    "simulators": 8190,
    "issuer": 8191,
    "smtp": 8125,
}
"""The documented port of each part on this machine: README, settings and containers name them, too."""


def parts() -> tuple[str, ...]:
    """Everything that listens."""
    return (*registry.names(), "simulators", "issuer", "smtp")


class Addresses(BaseModel):
    """The addresses of the parts, and the credentials of the command line. `urls` is by program.

    Broker, database and logs are known only of a platform on this machine. The database's address may hold secrets.
    """

    model_config = ConfigDict(frozen=True)

    tenant: str
    urls: dict[str, str]
    credentials_file: Path
    kafka_bootstrap: str | None = None
    idempotent_producer: bool = True
    mongo_uri: str | None = None
    logs: Path | None = None

    def write(self, path: Path) -> None:
        """Write the file whole, readable by its owner only."""
        write_private(path, self.model_dump_json(indent=1))

    def forget(self, path: Path) -> None:
        """Remove the file, unless another platform has been written to it since."""
        with contextlib.suppress(OSError, ValueError):
            if Addresses.read(path) == self:
                path.unlink()

    @classmethod
    def read(cls, path: Path) -> "Addresses":
        """Read what `write` wrote. Raises OSError, or ValueError when it is something else."""
        return cls.model_validate(json.loads(path.read_bytes()))


def state_file() -> Path:
    """Where the running platform is written down: $THROUGHLINE_STATE, else by the XDG Base Directory Specification."""
    if given := os.environ.get("THROUGHLINE_STATE"):
        return Path(given)
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "throughline" / "platform.json"
