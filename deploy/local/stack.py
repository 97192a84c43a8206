"""Finds or starts a broker and a database, and removes what was started when it is no longer needed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local import containers, kafka_jvm, mongod, tansu
from deploy.local.choice import GIVEN, Choice, choose
from deploy.local.processes import Processes
from deploy.local.tools import Lacking

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stack:
    """The addresses of broker and database, and what their clients must know."""

    kind: str
    """given, docker, maven or embedded"""
    kafka_bootstrap: str
    mongo_uri: str
    idempotent_producer: bool
    """whether the broker takes idempotent producers"""
    fetch_max_wait_ms: int
    """how long a consumer's fetch may wait for data at the broker"""
    chosen_because: str


@dataclass(frozen=True)
class _Way:
    consists_of: str
    make_ready: Callable[[Processes, Say], str]
    start_broker: Callable[[Processes, Path], str]
    start_database: Callable[[Processes, Path], str]
    idempotent_producer: bool = True
    fetch_max_wait_ms: int = 500


def _docker_ready(programs: Processes, say: Say) -> str:
    found = containers.find()
    containers.fetch(programs, say)
    return f"{found} is running"


def _maven_ready(programs: Processes, say: Say) -> str:
    found = f"{kafka_jvm.find_java()}, {kafka_jvm.find_maven()} and {mongod.find()} are here"
    kafka_jvm.fetch(programs, say)
    return found


def _embedded_ready(_programs: Processes, _say: Say) -> str:
    return f"{tansu.find()} and {mongod.find()} are here"


# In the order of preference: the nearer to production, the better.
_WAYS = {
    "docker": _Way("Kafka and MongoDB in containers", _docker_ready, containers.start_kafka, containers.start_mongo),
    "maven": _Way("Kafka on Java, and mongod", _maven_ready, kafka_jvm.start, mongod.start),
    "embedded": _Way(
        "Tansu in Kafka's place, and mongod",
        _embedded_ready,
        tansu.start,
        mongod.start,
        idempotent_producer=False,
        fetch_max_wait_ms=20,  # Tansu answers a waiting fetch only when its wait is over
    ),
}


@contextmanager
def local_stack(directory: Path, say: Say, choice: str | None = None) -> Iterator[Stack]:
    """Yield a stack that answers; on the way out, end all that was started, and remove its data.

    It starts empty. `choice`, else the variable THROUGHLINE_STACK, names the kind; else an address in both
    KAFKA_BOOTSTRAP and MONGO_URI is taken as given; else the machine decides. Logs stay in `directory/logs`.
    Raises Lacking when this machine cannot have the stack, ProgramFailed when a part does not start.
    """
    with _alone_in(directory), _empty_folder(directory) as data, Processes(directory) as programs:
        ways = {kind: partial(way.make_ready, programs, say) for kind, way in _WAYS.items()}
        chosen = choose(choice, os.environ, ways)
        if chosen.kind == GIVEN:
            say(f"Stack: the given Kafka and MongoDB ({chosen.because}).")
            yield _given(os.environ, chosen)
        else:
            way = _WAYS[chosen.kind]
            say(f"Stack: {way.consists_of} ({chosen.kind}: {chosen.because}).")
            yield _started(way, chosen, programs, data)


def _given(environment: Mapping[str, str], chosen: Choice) -> Stack:
    return Stack(
        kind=chosen.kind,
        kafka_bootstrap=environment["KAFKA_BOOTSTRAP"],
        mongo_uri=environment["MONGO_URI"],
        idempotent_producer=True,
        fetch_max_wait_ms=500,
        chosen_because=chosen.because,
    )


def _started(way: _Way, chosen: Choice, programs: Processes, data: Path) -> Stack:
    return Stack(
        kind=chosen.kind,
        kafka_bootstrap=way.start_broker(programs, data),
        mongo_uri=way.start_database(programs, data),
        idempotent_producer=way.idempotent_producer,
        fetch_max_wait_ms=way.fetch_max_wait_ms,
        chosen_because=chosen.because,
    )


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Two stacks in one directory would remove each other's data."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Lacking(f"another stack runs in {directory}", "stop it, or use another directory") from None
        yield


@contextmanager
def _empty_folder(directory: Path) -> Iterator[Path]:
    """A new folder for the data; those that a crash left behind go first."""
    for left_behind in directory.glob("data-*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    data = Path(tempfile.mkdtemp(prefix="data-", dir=directory.resolve()))
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)
