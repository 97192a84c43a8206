import asyncio
import time
from pathlib import Path
from secrets import token_hex

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared.errors import Refused, Unavailable
from shared.kafka import KafkaBus, KafkaSubscription
from shared.kafka.connection import connection
from shared.ports import Record
from shared.settings import KafkaSettings
from tests.integration.secured.broker import NOT_OURS, OURS, USER, Secured
from tests.support.certificates import Authority
from tests.support.reading import ends_of, joined, read_until

BEATS_S = 5.0
"""So long that a member would have heard of a rebalance: a heartbeat is sent every three seconds."""


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
        """Who may call scheduling may not write facts by that: the broker says no, and the client waits in vain."""
        with pytest.raises((Unavailable, TimeoutError)):
            async with asyncio.timeout(3.0):
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
            await read_on(first)
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


async def read_on(reader: KafkaSubscription) -> None:
    """Take a batch and be done with it: partitions are not given away before."""
    await reader.commit(ends_of(await reader.fetch(500, wait_s=0.2)))


async def both_have_half(one: KafkaSubscription, other: KafkaSubscription) -> None:
    """Read on until each has two of the four partitions."""
    async with asyncio.timeout(60):
        while [2, 2] != [len(each.assigned()) for each in (one, other)]:
            await asyncio.gather(read_on(one), read_on(other))


async def fetched_until_assigned(reader: KafkaSubscription) -> None:
    """Read on until there is something to read from."""
    async with asyncio.timeout(60):
        while not reader.assigned():
            await read_on(reader)


async def client_ids(administrator: KafkaSettings, group: str) -> list[str]:
    """What the members of a group are called."""
    admin = AIOKafkaAdminClient(**connection(administrator))
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([group])
        return [member[1] for found in answer.groups for member in found[5]]
    finally:
        await admin.close()
