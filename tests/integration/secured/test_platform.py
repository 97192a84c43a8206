"""All five services behind TLS, a password and prefixes: their rights end where their prefixes do."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.cli.reach import Reach, reaching
from deploy.local.platform import Platform, free_ports, local_platform
from deploy.local.stack import Stack
from deploy.platform.topics import topics
from shared.kafka.connection import connection
from shared.settings import KafkaSettings
from tests.e2e.running import eventually, send_order, types_of
from tests.integration.secured.broker import INSTALLATION, PARTITIONS, PASSWORD, PREFIX, Secured

DATABASES = {f"{PREFIX}{name}" for name in ("intake", "authorization", "scheduling", "notifications", "tracking")}


@pytest.fixture(scope="module")
def platform(broker: Secured, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole program, told of the broker by its environment."""
    settings = broker.by_scram(INSTALLATION)
    variables = {
        "KAFKA_PARTITIONS": str(PARTITIONS),
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_CA_FILE": str(broker.authority.file),
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": INSTALLATION,
        "KAFKA_SASL_PASSWORD": PASSWORD,
        "KAFKA_TOPIC_PREFIX": PREFIX,
        "KAFKA_GROUP_PREFIX": PREFIX,
        "MONGO_DATABASE_PREFIX": PREFIX,
    }
    there = Stack("given", settings.bootstrap, stack.mongo_uri, True, 500, "it was started for this")
    folder: Path = tmp_path_factory.mktemp("platform")
    with ExitStack() as opened:
        with pytest.MonkeyPatch.context() as environment:  # only while it starts: it is not for this process
            for name, value in variables.items():
                environment.setenv(name, value)
            running = opened.enter_context(local_platform(folder, there, free_ports(), print))
        yield running


async def is_booked_for(reach: Reach, referral: str) -> bool:
    """Whether a provider was chosen: intake told of the order, scheduling heard and told, tracking heard both."""
    return "provider.chosen" in await types_of(reach, referral)


async def names_on(administrator: KafkaSettings) -> tuple[set[str], set[str]]:
    """Every topic and every consumer group there."""
    admin = AIOKafkaAdminClient(**connection(administrator))
    await admin.start()
    try:
        groups = {name for name, *_ in await admin.list_consumer_groups()}
        return set(await admin.list_topics()), groups
    finally:
        await admin.close()


async def test_a_referral_travels_below_the_prefixes(platform: Platform, broker: Secured, stack: Stack) -> None:
    """Nothing of the product's own names is on the broker, or in the database, without its prefix."""
    async with reaching(platform.addresses) as reach:
        referral = await send_order(reach, "SECURED-1")
        await eventually(partial(is_booked_for, reach, referral))

    found, groups = await names_on(broker.administrator())
    assert {f"{PREFIX}{topic.name}" for topic in topics()} <= found
    assert set() == {topic.name for topic in topics()} & found
    assert DATABASES <= groups
    client = AsyncIOMotorClient[dict[str, object]](stack.mongo_uri)
    assert DATABASES <= set(await client.list_database_names())
    client.close()
