import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient, WriteConcern

from deploy.local.stack import Stack, local_stack
from deploy.local.tools import Lacking
from tests.support.machine import descendants, is_running, soon
from tests.support.sizes import SIZES

KINDS = ["docker", "maven", "embedded"]
ENDS = [
    *((kind, signal.SIGKILL) for kind in KINDS),
    *((kind, signal.SIGINT) for kind in SIZES.interrupted_stacks),
]
PARENT = """
import json, signal, sys
from pathlib import Path
from deploy.local.stack import local_stack
from deploy.local.tools import Lacking
try:
    with local_stack(Path(sys.argv[1]), lambda _: None, sys.argv[2]) as stack:
        print(json.dumps({"kafka_bootstrap": stack.kafka_bootstrap, "mongo_uri": stack.mongo_uri}), flush=True)
        signal.pause()
except Lacking as lacking:
    print(json.dumps({"lacking": str(lacking)}), flush=True)
"""


@contextmanager
def stack_of(kind: str, directory: Path, say: Callable[[str], None] = print) -> Iterator[Stack]:
    """A stack of this kind; the test is skipped where the machine cannot have it, save the one that all can."""
    try:
        with local_stack(directory, say, kind) as stack:
            yield stack
    except Lacking as lacking:
        if kind == "embedded":
            raise
        pytest.skip(str(lacking))


def listening(kafka_bootstrap: str, mongo_uri: str) -> list[int]:
    """Those ports of a stack on which somebody listens."""
    addresses = [kafka_bootstrap, mongo_uri.removeprefix("mongodb://").split("/", 1)[0]]
    ports = [int(address.rsplit(":", 1)[1]) for address in addresses]
    return [port for port in ports if is_open(port)]


def is_open(port: int) -> bool:
    """Whether anybody listens on this port of 127.0.0.1."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def names_in(directory: Path) -> set[str]:
    """What a directory holds."""
    return {entry.name for entry in directory.iterdir()}


async def told_and_heard(stack: Stack) -> bytes | None:
    """What a consumer group reads of what a producer has just written to a topic made for it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("trial", num_partitions=3, replication_factor=1)])
    await admin.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.kafka_bootstrap, acks="all", enable_idempotence=stack.idempotent_producer
    )
    consumer = AIOKafkaConsumer(
        "trial",
        bootstrap_servers=stack.kafka_bootstrap,
        group_id="trial",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=stack.fetch_max_wait_ms,
    )
    async with producer, consumer:
        await producer.send_and_wait("trial", b"told", key=b"one")
        heard: bytes | None = (await consumer.getone()).value
        return heard


def kept_in_a_transaction(stack: Stack) -> int:
    """How many documents a majority holds after a transaction has inserted one."""
    with MongoClient[dict[str, object]](stack.mongo_uri) as client, client.start_session() as session:
        kept = client.trial.get_collection("kept", write_concern=WriteConcern("majority", j=True))
        with session.start_transaction():
            kept.insert_one({}, session=session)
        return kept.count_documents({})


class TestLocalStack:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_answers_at_both_ends_and_is_gone_afterwards(self, kind: str, tmp_path: Path) -> None:
        """A yielded stack takes writes at once, and after the block nothing of it runs or is kept but logs."""
        said: list[str] = []
        others = descendants(os.getpid())
        with stack_of(kind, tmp_path, said.append) as stack:
            assert b"told" == await told_and_heard(stack)
            assert 1 == kept_in_a_transaction(stack)
            family = descendants(os.getpid()) - others

        assert kind == stack.kind
        assert stack.chosen_because in said[-1]
        assert not [pid for pid in family if is_running(pid)]
        assert not listening(stack.kafka_bootstrap, stack.mongo_uri)
        assert {"lock", "logs"} == names_in(tmp_path)

    @pytest.mark.parametrize(("kind", "number"), ENDS)
    def test_is_gone_when_its_owner_is(self, kind: str, number: signal.Signals, tmp_path: Path) -> None:
        """However the process that started it ends, no process, container or listener stays."""
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path), kind],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": "."},
        )
        assert parent.stdout is not None
        addresses = json.loads(parent.stdout.readline())
        if kind != "embedded" and "lacking" in addresses:
            pytest.skip(addresses["lacking"])
        family = descendants(parent.pid)
        assert 2 == len(listening(**addresses))

        parent.send_signal(number)
        parent.communicate()

        assert soon(lambda: not [pid for pid in family if is_running(pid)])
        assert soon(lambda: not listening(**addresses))


class TestLocalStackOnce:
    def test_refuses_a_directory_in_use(self, tmp_path: Path) -> None:
        """Two stacks in one directory would remove each other's data."""
        with (
            local_stack(tmp_path, print, "embedded"),
            pytest.raises(Lacking, match="another stack runs"),
            local_stack(tmp_path, print, "embedded"),
        ):
            pass

    def test_removes_what_a_crash_left_behind(self, tmp_path: Path) -> None:
        """A stack starts empty, and data of stacks that were killed does not pile up."""
        (tmp_path / "data-of-yesterday").mkdir()

        with local_stack(tmp_path, print, "embedded"):
            assert not (tmp_path / "data-of-yesterday").exists()

    def test_starts_nothing_beside_a_given_stack(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who brings broker and database gets exactly those."""
        monkeypatch.delenv("THROUGHLINE_STACK", raising=False)
        monkeypatch.setenv("KAFKA_BOOTSTRAP", "broker.example:9092")
        monkeypatch.setenv("MONGO_URI", "mongodb://database.example")

        with local_stack(tmp_path, print) as stack:
            assert ("given", "broker.example:9092") == (stack.kind, stack.kafka_bootstrap)
            assert "mongodb://database.example" == stack.mongo_uri

        assert not list((tmp_path / "logs").iterdir())
