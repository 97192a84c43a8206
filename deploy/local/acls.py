"""Who may do what on the broker: one principal per service, from what the services' code says that they tell and hear.

A service writes its own topic and copies of what it could not read, reads what it listens to, as its own group, and
nothing else. Topics are made by the principal of the set-up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.authorization.app import LISTENS_TO as AUTHORIZATION
from services.intake.app import LISTENS_TO as INTAKE
from services.notifications.app import LISTENS_TO as NOTIFICATIONS
from services.scheduling.app import LISTENS_TO as SCHEDULING
from services.tracking.app import LISTENS_TO as TRACKING
from shared.contracts.envelope import SERVICES, dead_letter_topic, topic_of

HEARS: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": tuple(INTAKE),
    "authorization": tuple(AUTHORIZATION),
    "scheduling": tuple(SCHEDULING),
    "notifications": tuple(NOTIFICATIONS),
    "tracking": tuple(TRACKING),
}
SET_UP: Final = "setup"
"""The principal that makes topics."""
CLUSTER: Final = "kafka-cluster"


@dataclass(frozen=True, order=True)
class Acl:
    """One permission: `resource` is topic, group or cluster, `operation` as Kafka names it."""

    principal: str
    resource: str
    name: str
    operation: str


def acls(prefix: str = "throughline-") -> list[Acl]:
    """Every permission that is needed, sorted; principals are `User:{prefix}{service}`."""
    found = {acl for service in HEARS for acl in _of(service, f"User:{prefix}{service}")}
    set_up = f"User:{prefix}{SET_UP}"
    everything = [name for service in SERVICES for name in (topic_of(service), dead_letter_topic(topic_of(service)))]
    found |= {Acl(set_up, "topic", name, operation) for name in everything for operation in ("Create", "Describe")}
    return sorted(found)


def _of(service: str, principal: str) -> Iterator[Acl]:
    heard = [topic_of(source) for source in HEARS[service]]
    told = [topic_of(service)] if service in SERVICES else []
    for name in (*told, *(dead_letter_topic(topic) for topic in heard)):
        yield from (Acl(principal, "topic", name, operation) for operation in ("Write", "Describe"))
    for name in heard:
        yield from (Acl(principal, "topic", name, operation) for operation in ("Read", "Describe"))
    yield from (Acl(principal, "group", service, operation) for operation in ("Read", "Describe"))
    yield Acl(principal, "cluster", CLUSTER, "IdempotentWrite")


def commands(found: list[Acl]) -> list[str]:
    """The same as arguments of Kafka's own tool, one permission a line."""
    return [
        f"kafka-acls --add --allow-principal {acl.principal} --operation {acl.operation} "
        + ("--cluster" if acl.resource == "cluster" else f"--{acl.resource} {acl.name}")
        for acl in found
    ]
