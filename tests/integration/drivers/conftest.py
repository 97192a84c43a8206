from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.stack import Stack
from shared.mongo import connect
from shared.ports import Stored
from shared.settings import KafkaSettings
from tests.integration.drivers.reached import mongo_settings


@pytest.fixture
def kafka(stack: Stack) -> KafkaSettings:
    """How to reach the stack's broker; three partitions, so that nothing leans on the usual number."""
    return KafkaSettings(
        bootstrap=stack.kafka_bootstrap,
        partitions=3,
        idempotent_producer=stack.idempotent_producer,
        fetch_max_wait_ms=stack.fetch_max_wait_ms,
    )


@pytest.fixture
async def mongo(stack: Stack) -> AsyncIterator[AsyncIOMotorClient[Stored]]:
    """A client of the stack's database."""
    client = connect(mongo_settings(stack.mongo_uri))
    yield client
    client.close()


@pytest.fixture
async def database(mongo: AsyncIOMotorClient[Stored]) -> AsyncIterator[str]:
    """The name of an empty database, which is gone after the test."""
    name = f"trial_{token_hex(4)}"
    yield name
    await mongo.drop_database(name)
