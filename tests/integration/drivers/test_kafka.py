import asyncio
import contextlib
from secrets import token_hex
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local.ports import free_port
from shared.errors import Unavailable, Unknown
from shared.kafka import (
    KafkaBus,
    KafkaSubscription,
    TooFewCopies,
    Topic,
    WrongPartitions,
    apply_topics,
    short_of_copies,
)
from shared.ports import Received, Record
from shared.settings import KafkaSettings
from tests.support.freezing import frozen_broker
from tests.support.reading import joined, read_until

LONGEST = 100_000


def topic() -> str:
    """A name that no topic has."""
    return f"trial-{token_hex(4)}"


def nowhere() -> KafkaSettings:
    """A broker that is not there."""
    return KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}")


async def found_short(kafka: KafkaSettings, name: str) -> list[str]:
    """What a topic lacks of three copies, as soon as the broker knows it."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(Unavailable):
                return await short_of_copies(kafka, [name], replication=3)


async def under_way(kafka: KafkaSettings) -> tuple[str, KafkaBus, KafkaSubscription]:
    """A topic, who sends to it, and a reader who has read and committed its first record."""
    name, bus = topic(), KafkaBus(kafka)
    await apply_topics(kafka, [Topic(name, LONGEST)], replication=1)
    subscription = KafkaSubscription(kafka, name, [name])
    await joined(subscription)
    await bus.send(name, 0, [Record(b"k", (), b"first")])
    await read_until(subscription, 1)
    return name, bus, subscription


class TestApplyTopics:
    async def test_makes_what_is_missing_and_says_so(self, kafka: KafkaSettings) -> None:
        """What was made once is left alone ever after."""
        first, second = topic(), topic()

        assert [first] == await apply_topics(kafka, [Topic(first, LONGEST)], replication=1)
        both = [Topic(first, LONGEST), Topic(second, LONGEST)]
        assert [second] == await apply_topics(kafka, both, replication=1)
        assert [] == await apply_topics(kafka, both, replication=1)

    async def test_leaves_the_copies_of_what_is_there_as_they_are(self, kafka: KafkaSettings) -> None:
        """To copy takes hours, and is an administrator's to begin: it is only said."""
        name = topic()
        await apply_topics(kafka, [Topic(name, LONGEST)])

        assert [] == await short_of_copies(kafka, [name], replication=1)
        [copies, in_sync] = await found_short(kafka, name)
        assert f"{name} has 1 copies, configured are 3." == copies
        assert "must be 2" in in_sync

    async def test_says_that_the_broker_is_down(self) -> None:
        """Whoever starts before the broker waits for it."""
        with pytest.raises(Unavailable):
            await apply_topics(nowhere(), [Topic(topic(), LONGEST)], replication=1)


class TestSubscriptionStart:
    async def test_waits_for_a_topic_that_is_missing(self, kafka: KafkaSettings) -> None:
        """Nobody makes a topic by looking for it."""
        with pytest.raises(Unavailable):
            await KafkaSubscription(kafka, "group", [topic()]).start()

    async def test_refuses_another_number_of_partitions(self, kafka: KafkaSettings) -> None:
        """Keys would be on other partitions than their earlier records: this must be seen before anything is read."""
        name = topic()
        await apply_topics(kafka, [Topic(name, LONGEST)], replication=1)

        with pytest.raises(WrongPartitions, match="has 3 partitions, configured are 12"):
            await joined(KafkaSubscription(kafka.model_copy(update={"partitions": 12}), "group", [name]))

    async def test_refuses_a_topic_of_too_few_copies(self, kafka: KafkaSettings) -> None:
        """One lost disk would be the end of its facts: production asks for three copies, and looks."""
        name = topic()
        await apply_topics(kafka, [Topic(name, LONGEST)])

        with pytest.raises(TooFewCopies, match=r"has 1 copies, configured are 3\. .*replicas 1, which must be 2\."):
            await joined(KafkaSubscription(kafka.model_copy(update={"replication": 3}), "group", [name]))

    async def test_says_that_the_broker_is_down(self) -> None:
        """A service that starts first goes on trying."""
        with pytest.raises(Unavailable):
            await KafkaSubscription(nowhere(), "group", [topic()]).start()


class TestPrefixes:
    async def test_keep_two_installations_apart(self, kafka: KafkaSettings) -> None:
        """The same topic and the same group of both: each hears its own, by the name that all code knows."""
        name, ours = topic(), kafka.model_copy(update={"topic_prefix": "ours.", "group_prefix": "ours-"})
        theirs = kafka.model_copy(update={"topic_prefix": "theirs.", "group_prefix": "theirs-"})
        assert [f"ours.{name}"] == await apply_topics(ours, [Topic(name, LONGEST)])
        assert [f"theirs.{name}"] == await apply_topics(theirs, [Topic(name, LONGEST)])

        heard = []
        for settings, said in ((ours, b"us"), (theirs, b"them")):
            bus, reader = KafkaBus(settings), KafkaSubscription(settings, "readers", [name])
            await bus.send(name, 0, [Record(b"k", (), said)])
            await joined(reader)
            heard += await read_until(reader, 1)
            assert 1 == await reader.committed(name, 0)
            await reader.stop()
            await bus.stop()

        assert [(name, b"us"), (name, b"them")] == [(record.topic, record.value) for record in heard]


class TestSubscriptionFetch:
    async def test_joins_anew_when_its_client_has_given_up(self, kafka: KafkaSettings) -> None:
        """A broker that is starting may name no broker at all; the client then stops coordinating, for good."""
        name, bus, subscription = await under_way(kafka)

        forget_brokers(subscription)
        await bus.send(name, 0, [Record(b"k", (), b"after")])

        assert [b"after"] == [record.value for record in await read_on(subscription)]
        await subscription.stop()
        await bus.stop()

    async def test_lets_the_broker_gather_where_nobody_waits(self, kafka: KafkaSettings) -> None:
        """What comes by itself stays with the broker for a while: to fetch it costs as much as to fetch a hundred."""
        name, bus = topic(), KafkaBus(kafka)
        await apply_topics(kafka, [Topic(name, LONGEST)], replication=1)
        subscription = KafkaSubscription(kafka.model_copy(update={"gather_ms": 5_000}), name, [name])
        await joined(subscription)
        async with asyncio.timeout(60):
            while not subscription.assigned():
                assert [] == await subscription.fetch(500, wait_s=0.1)

        await bus.send(name, 0, [Record(b"k", (), b"v")])

        assert [] == await subscription.fetch(500, wait_s=0.5)
        assert [b"v"] == [record.value for record in await subscription.fetch(500, wait_s=60)]
        await subscription.stop()
        await bus.stop()


class TestSubscriptionCommit:
    async def test_says_that_the_broker_stands_still(self, kafka: KafkaSettings) -> None:
        """A consumer that waited for ever would look stuck, and be ended for it."""
        name, bus, subscription = await under_way(kafka)

        with frozen_broker(kafka.bootstrap), pytest.raises(Unavailable):
            async with asyncio.timeout(60):
                await subscription.commit({(name, 0): 1})

        await subscription.stop()
        await bus.stop()

    async def test_joins_anew_when_the_connection_was_closed_meanwhile(
        self, kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The loop says so in its own word, which is none of the client's: seen when a broker was killed."""
        name, bus, subscription = await under_way(kafka)

        async def closed(_client: AIOKafkaConsumer, _offsets: Any) -> None:
            raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")

        with monkeypatch.context() as patch:
            patch.setattr(AIOKafkaConsumer, "commit", closed)
            with pytest.raises(Unavailable):
                await subscription.commit({(name, 0): 1})
        await bus.send(name, 0, [Record(b"k", (), b"w")])
        await read_until(subscription, 1)

        assert 2 == await subscription.committed(name, 0)
        await subscription.stop()
        await bus.stop()


class TestSubscriptionStop:
    async def test_leaves_nothing_behind_when_the_broker_stands_still(self, kafka: KafkaSettings) -> None:
        """A reader that cannot even say goodbye goes all the same."""
        before, name = asyncio.all_tasks(), topic()
        await apply_topics(kafka, [Topic(name, LONGEST)], replication=1)
        subscription = KafkaSubscription(kafka, name, [name])
        await joined(subscription)
        await subscription.fetch(1)

        with frozen_broker(kafka.bootstrap):
            await subscription.stop()

        assert set() == asyncio.all_tasks() - before


def forget_brokers(subscription: KafkaSubscription) -> None:
    """What the client is left with when its last metadata named no broker: nothing of ours can make a broker say so."""
    client: Any = subscription._consumer  # noqa: SLF001
    client._client.cluster._brokers.clear()  # noqa: SLF001
    client._coordinator.coordinator_dead()  # noqa: SLF001


async def read_on(subscription: KafkaSubscription) -> list[Received]:
    """The next records, as a consumer gets them: after each failure it goes back and tries again."""
    async with asyncio.timeout(120):
        while True:
            try:
                await subscription.rewind()
                if found := await subscription.fetch(10):
                    return found
            except Unavailable:
                await asyncio.sleep(0.1)


class TestBus:
    async def test_says_that_nothing_was_sent_when_there_is_no_broker(self) -> None:
        """Without a connection nothing can land later."""
        with pytest.raises(Unavailable):
            await KafkaBus(nowhere()).send(topic(), 0, [Record(b"k", (), b"v")])

    async def test_does_not_know_about_what_the_broker_refused_and_goes_on(self, kafka: KafkaSettings) -> None:
        """A refused record is nobody's proof of anything; the next batch gets a new producer and arrives."""
        if not kafka.idempotent_producer:
            pytest.skip("This machine's stack has Tansu, which takes records of any size: Kafka takes Docker, or Java.")
        name, bus = topic(), KafkaBus(kafka)
        await apply_topics(kafka, [Topic(name, LONGEST)], replication=1)

        with pytest.raises(Unknown):
            await bus.send(name, 0, [Record(b"k", (), b"x" * 2 * LONGEST)])
        assert 1 == await bus.send(name, 0, [Record(b"k", (), b"small")])

        await bus.stop()
        reader = KafkaSubscription(kafka, f"group-{name}", [name])
        await joined(reader)
        assert [b"small"] == [record.value for record in await read_until(reader, 1)]
        await reader.stop()

    async def test_leaves_nothing_behind_when_the_broker_stands_still(self, kafka: KafkaSettings) -> None:
        """A producer that is given up tries no more: an outage of an hour would leave hundreds of them behind."""
        before, name, bus = asyncio.all_tasks(), topic(), KafkaBus(kafka)
        await apply_topics(kafka, [Topic(name, LONGEST)], replication=1)
        await bus.send(name, 0, [Record(b"k", (), b"v")])

        with frozen_broker(kafka.bootstrap):
            sends = [bus.send(name, partition, [Record(b"k", (), b"v")]) for partition in range(kafka.partitions)]
            outcomes = await asyncio.gather(*sends, return_exceptions=True)

        assert [Unknown] * kafka.partitions == [type(outcome) for outcome in outcomes]
        assert set() == asyncio.all_tasks() - before
