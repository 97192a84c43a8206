"""The ports, each behind every implementation that there is. What one cannot do is skipped by its name."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from deploy.local import tansu
from deploy.local.processes import Processes
from deploy.local.stack import Stack
from deploy.local.tools import Lacking
from shared.audit import Rows
from shared.mongo import MongoRows, MongoStore, connect
from shared.ports import Collection
from shared.settings import KafkaSettings, MongoSettings
from tests.conformance.wires import KafkaWire, MemoryWire, Wire
from tests.support.memory import Disk, MemoryRows, MemoryStore, Weather

ON_STACK = pytest.mark.xdist_group("stack")
"""What needs the stack runs in one process, so that there is one stack; Tansu is small, and slow to join a group."""


@pytest.fixture(params=["memory", pytest.param("mongod", marks=ON_STACK)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Collection]:
    """An empty collection."""
    if request.param == "memory":
        yield MemoryStore(Disk(), "trial", Weather())
        return
    stack: Stack = request.getfixturevalue("stack")
    client = connect(MongoSettings.model_validate({"uri": stack.mongo_uri}))
    collection = MongoStore(client, "conformance", request.node.name.replace("[", "-").rstrip("]"))
    await collection.prepare()
    yield collection
    await client.drop_database("conformance")
    client.close()


@pytest.fixture(params=["memory", pytest.param("mongod", marks=ON_STACK)])
async def rows(request: pytest.FixtureRequest) -> AsyncIterator[Rows]:
    """An empty collection of rows."""
    if request.param == "memory":
        yield MemoryRows(Disk(), "trial", Weather())
        return
    stack: Stack = request.getfixturevalue("stack")
    client = connect(MongoSettings.model_validate({"uri": stack.mongo_uri}))
    yield MongoRows(client, "conformance", "rows")
    await client.drop_database("conformance")
    client.close()


@pytest.fixture(scope="session")
def tansu_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Tansu of its own, whatever broker the stack has."""
    directory = tmp_path_factory.mktemp("tansu")
    try:
        tansu.find()
    except Lacking as lacking:
        pytest.skip(str(lacking))
    with Processes(directory) as programs:
        yield tansu.start(programs, directory)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=ON_STACK), "tansu"])
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    """A broker, and ways to it."""
    async with AsyncExitStack() as opened:
        if request.param == "memory":
            yield MemoryWire(opened)
        elif request.param == "kafka":
            yield KafkaWire(opened, _kafka(request.getfixturevalue("stack")))
        else:
            yield KafkaWire(opened, _tansu(request.getfixturevalue("tansu_bootstrap")))


def _kafka(stack: Stack) -> KafkaSettings:
    if stack.kind == "embedded":
        pytest.skip("This machine's stack has no Apache Kafka: it takes Docker, or Java with Maven.")
    return KafkaSettings(bootstrap=stack.kafka_bootstrap, partitions=4, fetch_max_wait_ms=stack.fetch_max_wait_ms)


def _tansu(bootstrap: str) -> KafkaSettings:
    return KafkaSettings(bootstrap=bootstrap, partitions=4, idempotent_producer=False, fetch_max_wait_ms=20)
