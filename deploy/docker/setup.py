"""Prepares what the containers share, before they start: keys, the replica set, indexes, topics. Safe to repeat."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings

from deploy.docker.parts import hand_out
from deploy.platform.indexes import lacking
from deploy.platform.replica_set import only_member
from deploy.platform.topics import topics
from shared.errors import Unavailable
from shared.kafka import apply_topics
from shared.settings import KafkaSettings, MongoSettings, read_from

_POLL_S: Final = 0.25


class SetupSettings(BaseSettings):
    """What the containers share, and where its parts go."""

    model_config = read_from("SETUP_")

    mongo_member: str
    """The database's own address, by which the services find it."""
    replica_set: str
    """The name of its replica set."""
    vault: Path
    """The folder that keeps every key."""
    parts: Path
    """The folder with a folder for each part."""
    tenant: str = "demo"
    """The tenant that keys are made for."""
    patience_s: float = Field(default=180, gt=0)
    """How long broker and database are waited for, in seconds."""


class NotReady(Exception):
    """A part did not answer in time."""


def main() -> None:
    """Prepare everything, and say what was done."""
    settings, kafka = SetupSettings(), KafkaSettings()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # waiting for the broker is no news
    hand_out(settings.vault, settings.parts, settings.tenant)
    _say("Every part has its keys.")
    deadline = time.monotonic() + settings.patience_s
    with only_member(settings.replica_set, settings.mongo_member) as takes_writes:
        _wait("MongoDB", takes_writes, deadline)
    built = asyncio.run(lacking(MongoSettings(), is_built=True))
    _say(f"The database takes writes; collections whose indexes were made just now: {len(built)}.")
    made: list[str] = []
    _wait("Kafka", lambda: _has_topics(kafka, made), deadline)
    _say(f"The topics are there; made just now: {', '.join(made) or 'none'}.")


def _wait(what: str, is_ready: Callable[[], bool], deadline: float) -> None:
    while not is_ready():
        if time.monotonic() > deadline:
            raise NotReady(f"{what} does not answer.")
        time.sleep(_POLL_S)


def _has_topics(settings: KafkaSettings, made: list[str]) -> bool:
    try:
        made += asyncio.run(apply_topics(settings, topics()))
    except Unavailable:
        return False
    return True


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - its log is what `docker compose logs setup` shows


if __name__ == "__main__":
    try:
        main()
    except NotReady as failure:
        sys.exit(str(failure))
