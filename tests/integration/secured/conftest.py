from collections.abc import AsyncIterator

import pytest

from deploy.acls import Binding
from deploy.acls.grants import Operation
from deploy.local.tools import Lacking
from shared.kafka import Topic, apply_topics
from tests.integration.acls.guarded import allow
from tests.integration.secured.broker import (
    BY_TOKEN,
    INSTALLATION,
    LONGEST,
    NOT_OURS,
    OURS,
    PREFIX,
    USER,
    Secured,
    secured_kafka,
)


@pytest.fixture(scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    """A broker with two topics, of which one is for those whom it knows by name, and room for an installation."""
    try:
        with secured_kafka(tmp_path_factory.mktemp("secured"), [USER, INSTALLATION]) as found:
            await apply_topics(found.administrator(), [Topic(OURS, LONGEST), Topic(NOT_OURS, LONGEST)])
            rights = [right for user in (USER, BY_TOKEN) for right in rights_of(user)]
            await allow(found.administrator(), [*rights, *rights_of_installation()])
            yield found
    except Lacking as lacking:
        pytest.skip(str(lacking))


def rights_of(user: str) -> list[Binding]:
    """What it may do with one topic, and with every group."""
    principal = f"User:{user}"
    topic = [Binding(principal, operation, "topic", OURS, "literal") for operation in ("Read", "Write", "Describe")]
    return [*topic, Binding(principal, "Read", "group", "g", "prefixed")]


def rights_of_installation() -> list[Binding]:
    """Everything below its prefix, and nothing else."""
    principal = f"User:{INSTALLATION}"
    operations: tuple[Operation, ...] = ("Create", "Read", "Write", "Describe")
    topics = [Binding(principal, operation, "topic", PREFIX, "prefixed") for operation in operations]
    return [*topics, Binding(principal, "Read", "group", PREFIX, "prefixed")]
