"""The permissions that the code asks for, on a real broker with its authorizer: enough for each, and no more."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from deploy.local import kafka_jvm
from deploy.local.acls import HEARS, SET_UP, acls
from deploy.local.processes import Processes
from deploy.local.tools import Lacking
from deploy.local.topics import topics
from shared.contracts.envelope import SERVICES, dead_letter_topic, topic_of
from shared.errors import Unavailable, Unknown
from shared.kafka import KafkaBus, KafkaSubscription, apply_topics
from shared.ports import Record
from shared.settings import KafkaSettings

ADMIN = "admin"
USERS = {ADMIN: "secret", **{f"throughline-{name}": f"of-{name}" for name in (*HEARS, SET_UP)}}
TOPIC, GROUP, CLUSTER = 2, 3, 4
KINDS = {"topic": TOPIC, "group": GROUP, "cluster": CLUSTER}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "IdempotentWrite": 12}
LITERAL, ALLOW = 3, 3

pytestmark = pytest.mark.xdist_group("acls")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of its own, on which nobody may do anything yet."""
    directory = tmp_path_factory.mktemp("acls")
    with Processes(directory) as programs:
        try:
            kafka_jvm.find_java()
            kafka_jvm.find_maven()
            kafka_jvm.fetch(programs, lambda _said: None)
        except Lacking as lacking:
            pytest.skip(str(lacking))
        yield kafka_jvm.start(programs, directory, USERS)


def settings(bootstrap: str, user: str) -> KafkaSettings:
    """As this user."""
    return KafkaSettings.model_validate(
        {
            "bootstrap": bootstrap,
            "partitions": 2,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_username": user,
            "sasl_password": USERS[user],
        }
    )


async def permitted(bootstrap: str) -> None:
    """Every permission of the list is given."""
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_plain_username=ADMIN,
        sasl_plain_password=USERS[ADMIN],
    )
    await admin.start()
    try:
        for acl in acls():
            asked = CreateAclsRequest(
                KINDS[acl.resource], acl.name, LITERAL, acl.principal, "*", OPERATIONS[acl.operation], ALLOW
            )
            await admin._send_request(asked)  # noqa: SLF001 - the client knows the request, and has no method for it
    finally:
        await admin.close()


async def can_write(bootstrap: str, service: str, topic: str) -> bool:
    """Whether a record of this service is taken."""
    bus = KafkaBus(settings(bootstrap, f"throughline-{service}"))
    try:
        async with asyncio.timeout(5):
            return await bus.send(topic, 0, [Record(b"key", (), b"value")]) == 1
    except (Unknown, Unavailable, TimeoutError):
        return False
    finally:
        await bus.stop()


async def heard(bootstrap: str, service: str, expected: int) -> int:
    """How many records a service reads, and commits, of what it listens to."""
    subscription = KafkaSubscription(
        settings(bootstrap, f"throughline-{service}"), service, [topic_of(name) for name in HEARS[service]]
    )
    found = 0
    try:
        await subscription.start()
        async with asyncio.timeout(20):
            while found < expected:
                records = await subscription.fetch(100)
                found += len(records)
                await subscription.commit({(r.topic, r.partition): r.offset + 1 for r in records})
    finally:
        await subscription.stop()
    return found


@pytest.fixture
async def guarded(broker: str) -> str:
    """The broker with the permissions, and the topics that the set-up made by its own."""
    await permitted(broker)
    await apply_topics(settings(broker, f"throughline-{SET_UP}"), topics(), 1)
    return broker


@pytest.mark.timeout(120)
async def test_each_service_can_do_what_it_needs_and_no_more(guarded: str) -> None:
    """Writes its own topic and copies of what it reads, reads what it listens to; speaks for nobody else."""
    for service in SERVICES:
        assert await can_write(guarded, service, topic_of(service))
    for service, sources in HEARS.items():
        assert await can_write(guarded, service, dead_letter_topic(topic_of(sources[0])))
        assert len(sources) == await heard(guarded, service, len(sources))

    assert not await can_write(guarded, "notifications", topic_of("authorization"))
    assert not await can_write(guarded, "tracking", topic_of("intake"))
    with pytest.raises((Unavailable, TimeoutError)):
        await KafkaSubscription(settings(guarded, "throughline-intake"), "intake", [topic_of("authorization")]).start()
