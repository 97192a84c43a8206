from dataclasses import dataclass

import pytest

from deploy.acls import Binding, Grant, Impersonated, Prefixes, bindings, commands, grants
from deploy.platform import registry
from deploy.platform.topics import topics
from shared.contracts.envelope import ACCESS_TOPIC, dead_letter_topic, topic_of
from shared.contracts.envelope import SERVICES as PUBLISHERS

US = "User:throughline-"
SERVICES = registry.blueprints()
LIST = bindings(grants(SERVICES.values(), Prefixes()))


@dataclass(frozen=True)
class Plan:
    """A sixth service."""

    name: str
    consumes: tuple[str, ...]
    publishes: tuple[str, ...] = ()
    keeps_records: bool = False
    record_group: str = "records"

    @property
    def groups(self) -> tuple[str, ...]:
        """One, of its own name."""
        return (self.name,)


def may(found: list[Binding], principal: str) -> set[tuple[str, str, str]]:
    """What a principal may do."""
    return {(it.operation, it.resource, it.name) for it in found if it.principal == principal}


def described(*allowed: tuple[str, str, str]) -> set[tuple[str, str, str]]:
    """These, and looking at the same."""
    return {*allowed, *(("Describe", resource, name) for _, resource, name in allowed)}


class TestList:
    def test_has_every_service_of_the_platform(self) -> None:
        """Who starts a service finds what to grant it."""
        assert {f"{US}{name}" for name in (*SERVICES, "setup")} == {binding.principal for binding in LIST}

    def test_gives_notifications_what_it_needs_and_no_more(self) -> None:
        """It has the open door to the internet, so what it may write is what others are protected from."""
        read = [topic_of("intake"), topic_of("scheduling")]

        assert may(LIST, f"{US}notifications") == described(
            ("Write", "topic", topic_of("notifications")),
            *(("Read", "topic", topic) for topic in read),
            *(("DescribeConfigs", "topic", topic) for topic in read),
            *(("Write", "topic", dead_letter_topic(topic)) for topic in read),
            ("Read", "group", "notifications"),
            ("Write", "topic", ACCESS_TOPIC),
        )

    @pytest.mark.parametrize("topic", [topic_of(service) for service in PUBLISHERS])
    def test_lets_one_principal_alone_write_facts(self, topic: str) -> None:
        """By this a fact is held to its source: the topic says who wrote it."""
        writers = {it.principal for it in LIST if (it.operation, it.name) == ("Write", topic)}

        assert {f"{US}{topic.split('.')[2]}"} == writers

    def test_lets_everybody_write_access_records_and_tracking_alone_read_them(self) -> None:
        """Who looked at what is for the privacy officer, whose page tracking has."""
        may_do = {(it.operation, it.principal) for it in LIST if it.name == ACCESS_TOPIC}

        assert {f"{US}{name}" for name in SERVICES} == {who for operation, who in may_do if operation == "Write"}
        assert {f"{US}tracking"} == {who for operation, who in may_do if operation == "Read"}
        assert ("Read", "group", "tracking-access") in may(LIST, f"{US}tracking")

    def test_names_resources_whole(self) -> None:
        """No pattern of ours allows what does not exist yet."""
        assert {"literal"} == {binding.pattern for binding in LIST}
        named = {binding.name for binding in LIST if binding.resource == "topic"}
        assert {topic.name for topic in topics()} == named

    def test_grows_by_itself(self) -> None:
        """A sixth service has its rows, its topic is made, and who hears it may read it."""
        desk, reader = Plan("desk", ("intake",), ("desk",)), Plan("tracking", ("desk",))
        found = bindings(grants([desk, reader], Prefixes("acme.")))

        assert may(found, "User:acme.desk") == described(
            ("Write", "topic", topic_of("desk")),
            ("Read", "topic", topic_of("intake")),
            ("DescribeConfigs", "topic", topic_of("intake")),
            ("Write", "topic", dead_letter_topic(topic_of("intake"))),
            ("Read", "group", "desk"),
            ("Write", "topic", ACCESS_TOPIC),
        )
        assert ("Create", "topic", topic_of("desk")) in may(found, "User:acme.setup")
        assert ("Read", "topic", topic_of("desk")) in may(found, "User:acme.tracking")

    def test_stands_behind_the_prefixes_of_an_installation(self) -> None:
        """Two installations on one broker: each may do with its own topics and groups what it must, and no more."""
        desk = Plan("desk", ("intake",), ("desk",))
        found = bindings(grants([desk], Prefixes("acme.", "staging.", "staging-"), ["analytics"]))

        topics = {it.name for it in found if it.resource == "topic"}
        assert {f"staging.{topic_of('intake')}", f"staging.{topic_of('desk')}"} <= topics
        assert {"staging."} == {name[:8] for name in topics}
        assert {"staging-desk", "staging-analytics-"} == {it.name for it in found if it.resource == "group"}


class TestSubscriber:
    def test_reads_what_is_public_in_groups_of_its_own(self) -> None:
        """It writes nothing, and sees no dead letters."""
        found = bindings(grants(SERVICES.values(), Prefixes(), ["analytics"]))

        assert may(found, f"{US}analytics") == described(
            *(("Read", "topic", topic_of(service)) for service in PUBLISHERS), ("Read", "group", "analytics-")
        )
        assert {"prefixed"} == {it.pattern for it in found if it.name == "analytics-"}

    @pytest.mark.parametrize("name", ["intake", "setup", "front"])
    def test_is_none_of_us(self, name: str) -> None:
        """By our name it would have our rights, by the beginning of one it would get into our group."""
        with pytest.raises(Impersonated):
            grants([*SERVICES.values(), Plan("front-desk", ())], Prefixes(), [name])


class TestCommands:
    def test_are_those_of_the_brokers_own_tool(self) -> None:
        """One for each grant; what begins with a word is said to."""
        found = commands([Grant("User:a", ("Read", "Describe"), "group", ("a-",), "", "prefixed")], "kafka:9092")

        [command] = found
        assert (
            "kafka-acls --bootstrap-server kafka:9092 --command-config admin.properties --add --allow-principal User:a"
            " --operation Read --operation Describe --resource-pattern-type prefixed --group a-"
        ) == command
