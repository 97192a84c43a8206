"""The whole program on a stack: issuer, simulators and services as processes that are watched and started again."""

import asyncio
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

from deploy.local.ports import distinct_ports, free_port
from deploy.local.processes import Processes, ProgramFailed
from deploy.local.programs import Program, Setting, programs
from deploy.local.stack import Say, Stack
from deploy.platform import registry
from deploy.platform.addresses import DEFAULT_PORTS, Addresses, parts
from deploy.platform.indexes import lacking
from deploy.platform.keys import write_register, write_state
from deploy.platform.parties import parties_of
from deploy.platform.topics import topics
from shared.kafka import apply_topics
from shared.settings import KafkaSettings, MongoSettings

TENANT = "demo"
_START_S = 90.0
_REVIVED_AT_MOST = 5


class Platform:
    """The running parts by name. For one thread."""

    def __init__(self, setting: Setting, processes: Processes, say: Say) -> None:
        self._programs: Mapping[str, Program] = programs(setting)
        self._processes, self._say = processes, say
        self._revived: dict[str, int] = {}
        self.addresses = _addresses(setting, processes)

    def start_all(self) -> None:
        """Start every part, then wait until all are ready. Raises ProgramFailed."""
        for name in self._programs:
            self.start(name)
        for name in self._programs:
            self.wait_ready(name)

    def start(self, name: str) -> None:
        """Start a part that is not running, and return at once."""
        program = self._programs[name]
        self._processes.start(name, program.argv, program.env, program.ready_url)

    def wait_ready(self, name: str) -> None:
        """Wait until a part is ready. Raises ProgramFailed with the end of its log."""
        self._processes.wait_ready(name, _START_S)

    def kill(self, name: str) -> None:
        """End a part as a crash would; it stays down until it is started."""
        self._processes.kill(name)

    def revive(self) -> None:
        """Start again what ended by itself, and say so. Raises ProgramFailed for what keeps ending."""
        for name in self._processes.ended():
            self._revived[name] = self._revived.get(name, 0) + 1
            if self._revived[name] > _REVIVED_AT_MOST:
                raise ProgramFailed(f"{name} keeps ending.\n{self._processes.last_lines(name)}")
            self._say(f"{name} ended by itself and is started again; why is in {self._processes.log(name)}.")
            self.start(name)


@contextmanager
def local_platform(directory: Path, stack: Stack, ports: Mapping[str, int], say: Say) -> Iterator[Platform]:
    """Yield the whole program, ready, on the stack; on the way out, end it.

    Keys rest in `directory/keys` and serve every later run, so that the same order gets the same referral id.
    Raises ProgramFailed when a part does not start.
    """
    keys = directory.resolve() / "keys"
    write_state(keys, [TENANT])
    asyncio.run(apply_topics(kafka_settings(stack), topics(), replication=1))
    asyncio.run(_indexed(stack))
    with (
        TemporaryDirectory(prefix="data-", dir=directory, ignore_cleanup_errors=True) as data,
        Processes(directory) as processes,
    ):
        setting = Setting(stack, TENANT, ports, keys, Path(data).resolve(), secrets.token_hex(16), clock_poll_s=0.2)
        write_register(keys, parties_of(TENANT), setting.url("simulators"))
        _write_environments(directory / "env", programs(setting))
        platform = Platform(setting, processes, say)
        platform.start_all()
        yield platform


async def _indexed(stack: Stack) -> None:
    """What was kept from an earlier version may lack what this one needs."""
    await lacking(MongoSettings.model_validate({"uri": stack.mongo_uri}), is_built=True)


def _write_environments(folder: Path, parts: Mapping[str, Program]) -> None:
    """A file per part that a shell can source, so that any of them can be started alone, or once more."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, program in parts.items():
        lines = [f"{variable}={quote(value)}\n" for variable, value in program.env.items()]
        (folder / f"{name}.env").write_text("".join(lines))


def kafka_settings(stack: Stack) -> KafkaSettings:
    """How this process reaches the stack's broker; the environment may add credentials."""
    return KafkaSettings(
        bootstrap=stack.kafka_bootstrap,
        idempotent_producer=stack.idempotent_producer,
        fetch_max_wait_ms=stack.fetch_max_wait_ms,
    )


def usual_ports() -> dict[str, int]:
    """The documented port of each part, or a free one where there is none, or somebody else has it."""
    documented = {name: DEFAULT_PORTS.get(name) for name in parts()}
    return {name: port if port and _is_free(port) else free_port() for name, port in documented.items()}


def free_ports() -> dict[str, int]:
    """A free port for each part, so that several platforms may run at once."""
    names = parts()
    return dict(zip(names, distinct_ports(len(names)), strict=True))


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _addresses(setting: Setting, processes: Processes) -> Addresses:
    return Addresses(
        tenant=setting.tenant,
        urls={name: setting.url(name) for name in (*registry.names(), "simulators", "issuer")},
        credentials_file=setting.keys / "clients" / f"{setting.tenant}-cli.json",
        kafka_bootstrap=setting.stack.kafka_bootstrap,
        idempotent_producer=setting.stack.idempotent_producer,
        mongo_uri=setting.stack.mongo_uri,
        logs=processes.log("intake").parent,
    )
