"""`throughline up`: keeps the whole program running until it is interrupted."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.load import feed_file
from deploy.cli.reach import reaching
from deploy.local.platform import Platform, local_platform, usual_ports
from deploy.local.stack import local_stack
from deploy.platform.addresses import Addresses, state_file

DIRECTORY: Final = Path(".throughline/up")
_LOOK_S: Final = 0.5
First = Annotated[Path | None, typer.Option("--load", help="A file to load once everything runs.")]


def up(*, first: First = None, as_json: screen.AsJson = False) -> None:
    """Start everything, print the addresses, and keep it running (Ctrl-C ends it)."""
    with (
        local_stack(DIRECTORY, screen.say) as stack,
        local_platform(DIRECTORY, stack, usual_ports(), screen.say) as platform,
    ):
        addresses = platform.addresses
        addresses.write(state_file())
        try:
            screen.show(addresses, as_json=as_json, tables=lambda: _tables(addresses))
            asyncio.run(_stay(platform, first))
        finally:
            addresses.forget(state_file())


async def _stay(platform: Platform, first: Path | None) -> None:
    reviving = asyncio.create_task(keep_alive(platform))
    if first:
        async with reaching(platform.addresses) as reach:
            account = await feed_file(reach, first)
        screen.say(
            f"Loaded {first}: {account.sent} sent, {len(account.referrals)} new, {len(account.refused)} refused."
        )
    await reviving


async def keep_alive(platform: Platform) -> None:
    """Start again what ends by itself, until cancelled. Raises ProgramFailed for what keeps ending."""
    while True:
        platform.revive()
        await asyncio.sleep(_LOOK_S)


def _tables(addresses: Addresses) -> Iterable[RenderableType]:
    stack = [("Kafka", addresses.kafka_bootstrap), ("MongoDB", addresses.mongo_uri), ("logs", addresses.logs)]
    rows = [*addresses.urls.items(), *stack]
    yield screen.table("Throughline is running", "part", "address", rows=rows)
    yield f"Console: {addresses.urls['tracking']} (log in as any of the invented people; no password)"
    yield 'API: curl -H "Authorization: Bearer $(throughline token intake)" …    Ctrl-C ends everything.'
