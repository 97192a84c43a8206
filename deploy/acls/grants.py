"""The list itself, from what services consume and publish. Pure: no broker is asked, and no file is read.

A fact is held to its source in two steps: only its service may write to its topic, which is here, and a reader takes
from a topic only what its service says, which is `shared.contracts.envelope`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.contracts.envelope import ACCESS_TOPIC, dead_letter_topic, topic_of

Operation = Literal["Create", "Describe", "DescribeConfigs", "Read", "Write"]
Resource = Literal["topic", "group"]
Pattern = Literal["literal", "prefixed"]


class Plan(Protocol):
    """The part of a blueprint that ACLs depend on."""

    @property
    def name(self) -> str:
        """The service, whose principal has it."""

    @property
    def consumes(self) -> Sequence[str]:
        """The sources whose topics it reads."""

    @property
    def publishes(self) -> Sequence[str]:
        """The sources whose topics it writes."""

    @property
    def groups(self) -> Sequence[str]:
        """Its consumer groups of facts."""

    @property
    def keeps_records(self) -> bool:
        """Whether it keeps the access records of all."""

    @property
    def record_group(self) -> str:
        """The consumer group in which it reads them."""


@dataclass(frozen=True)
class Binding:
    """One ACL as the broker keeps it: allowed, from any host."""

    principal: str
    operation: Operation
    resource: Resource
    name: str
    pattern: Pattern


@dataclass(frozen=True)
class Grant:
    """What one principal may do with several resources of a kind, and what for."""

    principal: str
    operations: tuple[Operation, ...]
    resource: Resource
    names: tuple[str, ...]
    purpose: str
    pattern: Pattern = "literal"


@dataclass(frozen=True)
class Prefixes:
    """The prefixes of names on the broker: of users, of topics (KAFKA_TOPIC_PREFIX), of groups (…GROUP_PREFIX)."""

    users: str = "throughline-"
    topics: str = ""
    groups: str = ""

    def user(self, name: str) -> str:
        """A principal."""
        return f"User:{self.users}{name}"

    def topic(self, source: str) -> str:
        """The topic of a source's facts."""
        return f"{self.topics}{topic_of(source)}"

    @property
    def records(self) -> str:
        """The topic of access records."""
        return f"{self.topics}{ACCESS_TOPIC}"


class Impersonated(Exception):
    """A subscriber whose name would make it one of ours, or let it into one of our groups."""


def grants(plans: Iterable[Plan], prefixes: Prefixes, subscribers: Iterable[str] = ()) -> list[Grant]:
    """What each service needs, who makes the topics, and each subscriber: named by its name behind the prefix.

    Describe is said although Read and Write imply it with Kafka's own authorizer: others take the list as it stands.
    Raises Impersonated.
    """
    plans, subscribers = list(plans), list(subscribers)
    topics = [prefixes.topic(source) for plan in plans for source in plan.publishes]
    ours = [grant for plan in plans for grant in _of_service(plan, prefixes)]
    making: tuple[Operation, ...] = ("Create", "Describe", "DescribeConfigs")
    made = (*_with_letters(topics), prefixes.records)
    ours += [Grant(prefixes.user("setup"), making, "topic", made, "make the topics")]
    theirs = [grant for name in subscribers for grant in _of_subscriber(name, prefixes, topics)]
    if {grant.principal for grant in ours} & {grant.principal for grant in theirs}:
        raise Impersonated("A subscriber has the name of one of our own principals.")
    if any(
        group.startswith(f"{name}-") for plan in plans for group in (plan.name, *plan.groups) for name in subscribers
    ):
        raise Impersonated("A subscriber's groups would be those of a service.")
    return ours + theirs


def bindings(granted: Iterable[Grant]) -> list[Binding]:
    """The grants as single ACLs."""
    return [
        Binding(grant.principal, operation, grant.resource, name, grant.pattern)
        for grant in granted
        for name in grant.names
        for operation in grant.operations
    ]


def _of_service(plan: Plan, prefixes: Prefixes) -> list[Grant]:
    principal, heard = prefixes.user(plan.name), tuple(map(prefixes.topic, plan.consumes))
    letters = tuple(dead_letter_topic(topic) for topic in heard)
    own = tuple(map(prefixes.topic, plan.publishes))
    groups = tuple(f"{prefixes.groups}{group}" for group in plan.groups)
    found = [Grant(principal, ("Write", "Describe"), "topic", own, "tell")] if own else []
    found.append(Grant(principal, ("Write", "Describe"), "topic", (prefixes.records,), "send its access records"))
    if plan.keeps_records:
        keepers = (f"{prefixes.groups}{plan.record_group}",)
        found += [
            Grant(
                principal,
                ("Read", "Describe", "DescribeConfigs"),
                "topic",
                (prefixes.records,),
                "keep the access records of all",
            ),
            Grant(principal, ("Read", "Describe"), "group", keepers, "share that with its replicas"),
        ]
    if heard:
        found += [
            Grant(
                principal, ("Read", "Describe", "DescribeConfigs"), "topic", heard, "hear, and check how many copies"
            ),
            Grant(principal, ("Write", "Describe"), "topic", letters, "copy what it cannot take"),
            Grant(principal, ("Read", "Describe"), "group", groups, "share the reading with its replicas"),
        ]
    return found


def _of_subscriber(name: str, prefixes: Prefixes, topics: Sequence[str]) -> list[Grant]:
    """Groups of its own begin with its name and a hyphen, which no group of ours has."""
    principal, groups = prefixes.user(name), (f"{prefixes.groups}{name}-",)
    return [
        Grant(principal, ("Read", "Describe"), "topic", tuple(topics), "follow"),
        Grant(principal, ("Read", "Describe"), "group", groups, "groups of its own", "prefixed"),
    ]


def _with_letters(topics: Sequence[str]) -> tuple[str, ...]:
    return (*topics, *(dead_letter_topic(topic) for topic in topics))
