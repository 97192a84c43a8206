"""`throughline topics apply`: makes the topics that are missing."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.exits import Failure
from deploy.cli.reach import find_platform
from deploy.platform import topics as listed
from shared.kafka import Topic, apply_topics, short_of_copies
from shared.settings import KafkaSettings

Replication = Annotated[
    int | None, typer.Option(min=1, help="Copies of each topic, else KAFKA_REPLICATION. Production has 3.")
]


def apply(*, replication: Replication = None, as_json: screen.AsJson = False) -> None:
    """Create what is missing on the broker of KAFKA_BOOTSTRAP, else of the running platform. Safe to repeat."""
    wanted, settings = listed.topics(), broker_settings()
    made, short = asyncio.run(_applied(settings, wanted, replication or settings.replication))
    wanted = [replace(topic, name=f"{settings.topic_prefix}{topic.name}") for topic in wanted]
    if short:
        raise Failure(" ".join(short), "Give the topics more copies: kafka-reassign-partitions, kafka-configs.")
    document = {"created": made, "there_already": [topic.name for topic in wanted if topic.name not in made]}
    screen.show(document, as_json=as_json, tables=lambda: _tables(wanted, made))


async def _applied(settings: KafkaSettings, wanted: list[Topic], replication: int) -> tuple[list[str], list[str]]:
    """What was made now, and what is wrong with what was there."""
    made = await apply_topics(settings, wanted, replication)
    there_already = [topic.name for topic in wanted if f"{settings.topic_prefix}{topic.name}" not in made]
    return made, await short_of_copies(settings, there_already, replication)


def broker_settings() -> KafkaSettings:
    """Where the broker is: KAFKA_BOOTSTRAP, else that of the running platform. Raises Failure."""
    try:
        return KafkaSettings()
    except ValidationError:
        bootstrap = find_platform().kafka_bootstrap
    if bootstrap is None:
        raise Failure("It is not known where the broker is.", "Set KAFKA_BOOTSTRAP.")
    return KafkaSettings(bootstrap=bootstrap)


def _tables(wanted: Iterable[Topic], made: Iterable[str]) -> Iterable[RenderableType]:
    rows = [(t.name, t.max_message_bytes, "created" if t.name in made else "there already") for t in wanted]
    yield screen.table("Topics", "topic", "#largest record, bytes", "", rows=rows)
