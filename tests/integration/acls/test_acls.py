from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from deploy.acls import Binding, Prefixes, bindings, grants
from deploy.local.tools import Lacking
from deploy.platform import registry
from deploy.platform.topics import topics
from shared.contracts.envelope import SERVICES, dead_letter_topic, topic_of
from shared.errors import Refused, Unavailable
from shared.kafka import KafkaBus, KafkaSubscription, TooFewCopies, Topic, apply_topics
from shared.ports import Record
from shared.service import Blueprint
from shared.settings import KafkaSettings
from tests.integration.acls.guarded import Guarded, guarded_kafka
from tests.support.reading import ends_of, joined, read_until

PREFIX, SUBSCRIBER = "throughline-", "analytics"
PLANS: Mapping[str, Blueprint] = registry.blueprints()
USERS = [f"{PREFIX}{name}" for name in (*PLANS, "setup", SUBSCRIBER, "late")]
PUBLIC = [topic_of(name) for name in SERVICES]
LETTERS = [dead_letter_topic(topic) for topic in PUBLIC]
EVERYBODY = sorted(PLANS)
RECORD = Record(b"k", (), b"v")


@pytest.fixture(scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    """A broker with the list on it, and the topics as the one made them who may."""
    try:
        with guarded_kafka(tmp_path_factory.mktemp("guarded"), USERS) as broker:
            await broker.allow(bindings(grants(PLANS.values(), Prefixes(PREFIX), [SUBSCRIBER])))
            made = await apply_topics(broker.user(f"{PREFIX}setup"), topics(), replication=1)
            assert {topic.name for topic in topics()} == set(made)
            yield broker
    except Lacking as lacking:
        pytest.skip(str(lacking))


def user(guarded: Guarded, name: str) -> KafkaSettings:
    """How one of ours is set up."""
    return guarded.user(f"{PREFIX}{name}")


def heard_by(service: str) -> list[str]:
    """The topics that it reads."""
    return [topic_of(name) for name in PLANS[service].consumes]


async def send(settings: KafkaSettings, topic: str) -> int:
    """Send one record as the product does."""
    bus = KafkaBus(settings)
    try:
        return await bus.send(topic, 0, [RECORD])
    finally:
        await bus.stop()


async def read(settings: KafkaSettings, group: str, names: Sequence[str]) -> set[str]:
    """Read and commit until something came from each topic; which have a committed offset."""
    reader, found = KafkaSubscription(settings, group, names), set[str]()
    try:
        await reader.start()
        while found != set(names):
            batch = await reader.fetch(500)
            await reader.commit(ends_of(batch))
            found |= {record.topic for record in batch}
        return {name for name in names if await reader.committed(name, 0)}
    finally:
        await reader.stop()


@pytest.mark.parametrize("service", EVERYBODY)
class TestService:
    async def test_tells_hears_and_copies_what_it_cannot_take(self, guarded: Guarded, service: str) -> None:
        """The list is enough: with its own user a service can do all that its blueprint says."""
        ours, heard = user(guarded, service), heard_by(service)
        own = [topic_of(source) for source in PLANS[service].publishes]

        sent = [await send(ours, topic) for topic in (*own, *map(dead_letter_topic, heard))]
        for name in PLANS[service].consumes:
            await send(user(guarded, name), topic_of(name))

        assert {1} == set(sent)
        assert set(heard) == await read(ours, service, heard)

    async def test_speaks_for_nobody_else(self, guarded: Guarded, service: str) -> None:
        """Notifications cannot write what authorization says; tracking says nothing at all in public."""
        others = {*PUBLIC, *LETTERS} - {topic_of(service), *map(dead_letter_topic, heard_by(service))}

        for topic in sorted(others):
            with pytest.raises(Refused):
                await send(user(guarded, service), topic)

    async def test_joins_no_group_but_its_own(self, guarded: Guarded, service: str) -> None:
        """Whoever joined another's group would take facts away from it."""
        other = EVERYBODY[EVERYBODY.index(service) - 1]

        with pytest.raises(Refused) as refusal:
            await read(user(guarded, service), other, heard_by(service))

        assert other == refusal.value.what

    async def test_sees_how_many_copies_there_are(self, guarded: Guarded, service: str) -> None:
        """It looks before it reads, by a right of its own: here there is one broker, so there is one copy."""
        settings = user(guarded, service).model_copy(update={"replication": 3})

        with pytest.raises(TooFewCopies):
            await KafkaSubscription(settings, service, heard_by(service)).start()

    async def test_reads_no_dead_letters(self, guarded: Guarded, service: str) -> None:
        """They are never read back."""
        with pytest.raises(Refused):
            await read(user(guarded, service), service, list(map(dead_letter_topic, heard_by(service))))


class TestOthers:
    async def test_subscriber_follows_in_groups_of_its_own_and_writes_nothing(self, guarded: Guarded) -> None:
        """Another team may read all that is public, and harm nobody by it."""
        theirs = user(guarded, SUBSCRIBER)
        for service in SERVICES:
            await send(user(guarded, service), topic_of(service))

        assert set(PUBLIC) == await read(theirs, f"{SUBSCRIBER}-nightly", PUBLIC)
        with pytest.raises(Refused):
            await read(theirs, "tracking", PUBLIC)
        for topic in (*PUBLIC, *LETTERS):
            with pytest.raises(Refused):
                await send(theirs, topic)

    async def test_who_makes_topics_neither_reads_nor_writes(self, guarded: Guarded) -> None:
        """Its password lies where an installation is set up, and not where facts are."""
        for topic in PUBLIC:
            with pytest.raises(Refused):
                await send(user(guarded, "setup"), topic)
        with pytest.raises(Refused):
            await read(user(guarded, "setup"), "tracking", PUBLIC)

    @pytest.mark.parametrize("service", EVERYBODY)
    async def test_services_make_no_topics(self, guarded: Guarded, service: str) -> None:
        """A replica that is taken over cannot fill the broker."""
        with pytest.raises(Refused):
            await apply_topics(user(guarded, service), [Topic("referral.public.other.v1", 1024)], replication=1)

    async def test_nobody_does_nothing(self, guarded: Guarded) -> None:
        """Without credentials the broker takes nothing, shows nothing and makes nothing."""
        with pytest.raises(Refused):
            await send(guarded.nobody(), PUBLIC[0])
        with pytest.raises(Refused):
            await read(guarded.nobody(), "tracking", PUBLIC)
        with pytest.raises(Refused):
            await apply_topics(guarded.nobody(), topics(), replication=1)

    async def test_who_has_a_wrong_password_is_not_let_in(self, guarded: Guarded) -> None:
        """Not even to be refused."""
        liar = guarded.user(f"{PREFIX}authorization", "a guess")

        with pytest.raises(Unavailable) as problem:
            await send(liar, topic_of("authorization"))

        assert not isinstance(problem.value, Refused)


class TestRefusal:
    async def test_is_said_once_and_ends_when_it_is_granted(self, guarded: Guarded) -> None:
        """A list that is too short must not look like an endless outage; mended, all goes on by itself."""
        late, topic = user(guarded, "late"), PUBLIC[0]
        bus, reader = KafkaBus(late), KafkaSubscription(late, "late", [topic])

        with capture_logs() as said:
            for _ in range(2):
                with pytest.raises(Refused):
                    await bus.send(topic, 0, [RECORD])
                with pytest.raises(Refused):
                    await reader.start()
            await guarded.allow(
                [
                    Binding("User:throughline-late", "Write", "topic", topic, "literal"),
                    Binding("User:throughline-late", "Read", "topic", topic, "literal"),
                ]
            )
            for _ in range(2):
                with pytest.raises(Refused):
                    await reader.fetch(500)
            await guarded.allow([Binding("User:throughline-late", "Read", "group", "late", "literal")])

        assert 1 == await bus.send(topic, 0, [RECORD])
        await joined(reader)
        assert len(await read_until(reader, 1)) >= 1
        assert [{"topic": topic}, {"group": "late", "topic": topic}, {"group": "late"}] == [
            {name: line[name] for name in ("group", "topic") if line[name]}
            for line in said
            if line["event"] == "the broker's authorizer refuses us"
        ]
        await reader.stop()
        await bus.stop()
