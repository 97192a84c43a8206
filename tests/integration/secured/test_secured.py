import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.acls import Binding
from deploy.local.tools import Lacking
from shared.errors import Refused, Unavailable
from shared.kafka import KafkaBus, KafkaSubscription, Topic, apply_topics
from shared.kafka.connection import connection
from shared.ports import Record
from shared.settings import KafkaSettings
from tests.integration.acls.guarded import allow
from tests.integration.secured.broker import BY_TOKEN, Secured, secured_kafka
from tests.support.certificates import Authority
from tests.support.reading import joined, read_until

USER = "throughline-intake"
OURS, NOT_OURS = "facts", "others"
LONGEST = 100_000
BEATS_S = 7.0
"""So long that a member would have heard of a rebalance: a heartbeat is sent every three seconds."""


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    """A broker with two topics, of which one is for those whom it knows by name."""
    try:
        with secured_kafka(tmp_path_factory.mktemp("secured"), [USER]) as found:
            await apply_topics(found.administrator(), [Topic(OURS, LONGEST), Topic(NOT_OURS, LONGEST)])
            await allow(found.administrator(), [right for user in (USER, BY_TOKEN) for right in rights_of(user)])
            yield found
    except Lacking as lacking:
        pytest.skip(str(lacking))


def rights_of(user: str) -> list[Binding]:
    """What it may do with one topic, and with every group."""
    principal = f"User:{user}"
    topic = [Binding(principal, operation, "topic", OURS, "literal") for operation in ("Read", "Write", "Describe")]
    return [*topic, Binding(principal, "Read", "group", "g", "prefixed")]


async def sent_and_read(settings: KafkaSettings, topic: str = OURS) -> bytes:
    """What comes back of a record that is sent as the product sends, and read as the product reads."""
    said, bus, reader = (
        token_hex(8).encode(),
        KafkaBus(settings),
        KafkaSubscription(settings, f"g{token_hex(4)}", [topic]),
    )
    try:
        await bus.send(topic, 0, [Record(b"k", (), said)])
        await joined(reader)
        found: bytes | None = None
        while found != said:
            found = (await read_until(reader, 1))[-1].value
        return said
    finally:
        await reader.stop()
        await bus.stop()


class TestConnection:
    @pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
    async def test_is_made_by_a_user_with_a_password(self, broker: Secured, mechanism: str) -> None:
        """The password is proved, and never sent."""
        assert await sent_and_read(broker.by_scram(USER, mechanism))

    async def test_is_made_by_a_certificate(self, broker: Secured) -> None:
        """The broker calls us what our certificate does, and grants us what that name may do."""
        assert await sent_and_read(broker.by_certificate(USER))

    async def test_is_made_by_a_token(self, broker: Secured) -> None:
        """Asked of an issuer with an assertion of ours, and checked by the broker against the issuer's keys."""
        assert await sent_and_read(broker.by_token())

    async def test_is_refused_with_a_wrong_password(self, broker: Secured) -> None:
        """As a broker that is down: waiting is right, until the password is."""
        with pytest.raises(Unavailable):
            await KafkaBus(broker.by_scram(USER, password="another-invented-password")).send(OURS, 0, [])

    async def test_is_refused_with_a_certificate_of_somebody_elses(self, broker: Secured, tmp_path: Path) -> None:
        """It says the right name, and nobody whom the broker trusts says so."""
        with pytest.raises(Unavailable):
            await KafkaBus(broker.by_certificate(USER, Authority(tmp_path))).send(OURS, 0, [])

    async def test_is_refused_with_a_token_for_another(self, broker: Secured) -> None:
        """Who may call scheduling may not write facts by that."""
        with pytest.raises(Unavailable):
            await KafkaBus(broker.by_token("throughline-scheduling")).send(OURS, 0, [])

    async def test_is_not_made_to_a_broker_of_another_authority(self, broker: Secured, tmp_path: Path) -> None:
        """Whoever stands between would get our facts."""
        settings = broker.by_scram(USER).model_copy(update={"ca_file": Authority(tmp_path).file})

        with pytest.raises(Unavailable):
            await KafkaBus(settings).send(OURS, 0, [])

    async def test_gives_nobody_more_than_the_name_has(self, broker: Secured) -> None:
        """By each way the authorizer knows the name, and that name has no right to this topic."""
        for settings in (broker.by_scram(USER), broker.by_certificate(USER), broker.by_token()):
            bus = KafkaBus(settings)
            with pytest.raises(Refused):
                await bus.send(NOT_OURS, 0, [Record(b"k", (), b"v")])
            await bus.stop()


class TestMembership:
    async def test_outlives_a_restart_within_the_session(self, broker: Secured) -> None:
        """A replica with a name of its own comes back to the partitions that it had; the other one never stops."""
        group, names = f"g{token_hex(4)}", ("pod-0", "pod-1")
        first, second = (KafkaSubscription(named(broker, name), group, [OURS]) for name in names)
        await joined(first)
        await joined(second)
        await both_have_half(first, second)
        of_first, of_second = first.assigned(), second.assigned()

        await second.stop()
        until = time.monotonic() + BEATS_S
        while time.monotonic() < until:
            await first.fetch(1, wait_s=0.5)
            assert of_first == first.assigned()
        again = KafkaSubscription(named(broker, "pod-1"), group, [OURS])
        await joined(again)
        await both_have_half(first, again)

        assert (of_first, of_second) == (first.assigned(), again.assigned())
        await first.stop()
        await again.stop()

    async def test_shows_who_it_is(self, broker: Secured) -> None:
        """An administrator who looks at a group sees which service and which machine."""
        group, settings = f"g{token_hex(4)}", broker.by_scram(USER).of("intake", "pod-7")
        reader = KafkaSubscription(settings, group, [OURS])
        await joined(reader)
        await fetched_until_assigned(reader)

        assert ["throughline-intake-pod-7"] == await client_ids(broker.administrator(), group)
        await reader.stop()


def named(broker: Secured, name: str) -> KafkaSettings:
    """A replica that has this name again after a restart."""
    return broker.by_scram(USER).model_copy(update={"group_instance_id": name, "session_timeout_ms": 30_000})


async def both_have_half(one: KafkaSubscription, other: KafkaSubscription) -> None:
    """Read on until each has two of the four partitions."""
    async with asyncio.timeout(60):
        while [2, 2] != [len(each.assigned()) for each in (one, other)]:
            await asyncio.gather(one.fetch(1, wait_s=0.2), other.fetch(1, wait_s=0.2))


async def fetched_until_assigned(reader: KafkaSubscription) -> None:
    """Read on until there is something to read from."""
    async with asyncio.timeout(60):
        while not reader.assigned():
            await reader.fetch(1, wait_s=0.2)


async def client_ids(administrator: KafkaSettings, group: str) -> list[str]:
    """What the members of a group are called."""
    admin = AIOKafkaAdminClient(**connection(administrator))
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([group])
        return [member[1] for found in answer.groups for member in found[5]]
    finally:
        await admin.close()
