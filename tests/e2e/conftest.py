"""The whole program on a real stack, started once for all tests that only add to it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka import AIOKafkaProducer

from deploy.cli.reach import Reach, reaching
from deploy.local.platform import Platform
from tests.e2e.poisoner import Poisoner
from tests.e2e.running import started


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Every service, the simulators and the issuer, ready."""
    with started(tmp_path_factory.mktemp("platform")) as running:
        yield running


@pytest.fixture(scope="session")
async def reach(platform: Platform) -> AsyncIterator[Reach]:
    """A way to talk to them."""
    async with reaching(platform.addresses) as found:
        yield found


@pytest.fixture(scope="session")
async def poisoner(platform: Platform) -> AsyncIterator[Poisoner]:
    """Somebody with access to the broker and bad intentions, or a bug."""
    async with AIOKafkaProducer(bootstrap_servers=platform.addresses.kafka_bootstrap, acks="all") as producer:
        yield Poisoner(producer)
