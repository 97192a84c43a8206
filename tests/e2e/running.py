"""Platforms for tests, and what tests do with one: send an order, look at a referral, wait for what must come."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from deploy.cli.generate_fhir import bundle
from deploy.cli.invented import invent
from deploy.cli.reach import Reach
from deploy.local import kafka_jvm
from deploy.local.platform import Platform, free_ports, local_platform
from deploy.local.stack import local_stack
from deploy.local.tools import Lacking
from tests.support.stack import TESTCONTAINERS

Row = dict[str, Any]
SOON_S = 120.0
TODAY = datetime.now(UTC)


@contextmanager
def started(directory: Path) -> Iterator[Platform]:
    """A platform on a stack of its own, with the keys that the directory holds."""
    with (
        local_stack(directory, print, kind_of_stack()) as stack,
        local_platform(directory, stack, free_ports(), print) as running,
    ):
        yield running


def kind_of_stack() -> str:
    """What the environment asks for; else real Kafka on Java; else Tansu.

    These tests freeze programs, so containers of testcontainers, which are no children of ours, do not serve.
    """
    asked = os.environ.get("THROUGHLINE_STACK")
    if asked and asked != TESTCONTAINERS:
        return asked
    try:
        kafka_jvm.find_java()
        kafka_jvm.find_maven()
    except Lacking:
        return "embedded"
    return "maven"


async def eventually(look: Callable[[], Awaitable[Any]], timeout_s: float = SOON_S) -> Any:
    """What `look` finds, as soon as it finds anything; an AssertionError when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not (found := await look()):
        assert time.monotonic() < deadline, "It did not come to pass in time."
        await asyncio.sleep(0.05)
    return found


def order(number: str) -> bytes:
    """A whole order as an EHR sends it; the same number is the same order."""
    return json.dumps(bundle(invent(Random(number), number, TODAY))).encode()


async def try_order(reach: Reach, number: str) -> httpx2.Response:
    """What intake's FHIR door answers to an order."""
    headers = {"Content-Type": "application/fhir+json"}
    return await reach.send("intake", "POST", "/fhir/R4", content=order(number), headers=headers)


async def send_order(reach: Reach, number: str) -> str:
    """Send an order that is taken in; return the referral's id."""
    answer = await try_order(reach, number)
    assert 202 == answer.status_code, answer.text
    return str(answer.json()["id"])


async def timeline(reach: Reach, referral: str) -> list[Row]:
    """What tracking knows of a referral; nothing as long as it has not heard of it."""
    answer = await reach.send("tracking", "GET", f"/v1/referrals/{referral}/timeline")
    return list(answer.json()["facts"]) if answer.is_success else []


async def types_of(reach: Reach, referral: str) -> set[str]:
    """The names of the facts that tracking knows of a referral."""
    return {
        fact["type"].rpartition(".v")[0].removeprefix("org.throughline.") for fact in await timeline(reach, referral)
    }


async def row(reach: Reach, referral: str) -> Row | None:
    """The referral's row of the worklist, if it waits for somebody."""
    cursor: str | None = None
    while True:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = await reach.get("tracking", "/v1/worklist", params=params)
        for item in page["items"]:
            if item["referral_id"] == referral:
                return dict(item)
        cursor = page["next"]
        if cursor is None:
            return None


def command_of(pid: int) -> str:
    """A process's command line; nothing when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
