"""`throughline parked …`: shows records that a service could not apply, and resolves them."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.exits import Failure
from deploy.cli.reach import Reach, find_platform, reaching
from deploy.platform import registry

Reader = Annotated[str, typer.Argument(help="The service that could not take it in.")]
Key = Annotated[str, typer.Argument(help="The referral, or the key shown by `parked list`.")]
Source = Annotated[
    str | None, typer.Option(help="The service that published the stuck fact, or whose fact is missing.")
]
Sequence = Annotated[int | None, typer.Option(min=1, help="The stuck fact's number; without it, the gap is meant.")]
Origin = Annotated[str | None, typer.Option(help="An unsequenced record's origin: topic:partition:offset.")]

Aggregate = Annotated[
    str | None, typer.Option(help="The kind of aggregate, as `parked list` shows it; the referral's if not given.")
]


def list_parked(*, as_json: screen.AsJson = False) -> None:
    """List everything that waits for an operator, in every service."""
    found = asyncio.run(_everything())
    screen.show({"parked": found}, as_json=as_json, tables=lambda: _tables(found))


def show_parked(key: Key, *, as_json: screen.AsJson = False) -> None:
    """Show what waits about one referral."""
    found = [entry for entry in asyncio.run(_everything()) if entry["key"] == key]
    if not found:
        raise Failure("Nothing is parked under this key.", "See: throughline parked list")
    screen.show({"parked": found}, as_json=as_json, tables=lambda: _tables(found))


def replay(
    reader: Reader,
    key: Key,
    *,
    source: Source = None,
    sequence: Sequence = None,
    origin: Origin = None,
    aggregate: Aggregate = None,
    as_json: screen.AsJson = False,
) -> None:
    """Try a stuck fact or an unsequenced record again, once its cause is mended. A second time does nothing more."""
    _resolve("replay", reader, named(key, source, sequence, origin, aggregate), as_json=as_json)


def discard(
    reader: Reader,
    key: Key,
    *,
    source: Source = None,
    sequence: Sequence = None,
    origin: Origin = None,
    aggregate: Aggregate = None,
    as_json: screen.AsJson = False,
) -> None:
    """Give up a stuck fact, an unsequenced record, or (--source alone) what is missing below the facts that wait."""
    _resolve("discard", reader, named(key, source, sequence, origin, aggregate), as_json=as_json)


def named(
    key: str, source: str | None, sequence: int | None, origin: str | None, aggregate: str | None
) -> dict[str, Any]:
    """What an operator names, as the service takes it: nothing of what was not given."""
    given = {"key": key, "service": source, "sequence": sequence, "origin": origin, "aggregate": aggregate}
    return {name: value for name, value in given.items() if value is not None}


def _resolve(act: str, reader: str, what: dict[str, Any], *, as_json: bool) -> None:
    services = registry.names()
    if reader not in services:
        raise Failure(f"There is no service called {reader}.", f"Use one of: {', '.join(services)}")
    left = asyncio.run(_ask(act, reader, what))
    tables = _tables([{**entry, "reader": reader} for entry in left["left"]])
    screen.show(left, as_json=as_json, tables=lambda: tables)


async def _ask(act: str, reader: str, what: dict[str, Any]) -> dict[str, Any]:
    async with reaching(find_platform()) as reach:
        answer: dict[str, Any] = await reach.post(reader, f"/v1/parked/{act}", what)
        return answer


async def _everything() -> list[dict[str, Any]]:
    async with reaching(find_platform()) as reach:
        found = await asyncio.gather(*(_of(reach, service) for service in registry.names()))
        return [entry for entries in found for entry in entries]


async def _of(reach: Reach, service: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = await reach.get(service, "/v1/parked", params={"after": after} if after else {})
        entries += [{"reader": service, **entry} for entry in page["parked"]]
        after = page["next"]
        if after is None:
            return entries


def _tables(entries: list[dict[str, Any]]) -> Iterable[RenderableType]:
    rows = [
        (
            entry["reader"],
            entry["aggregate"],
            entry["key"],
            entry["service"] or "unsequenced",
            entry["sequence"],
            entry["reason"],
            "stuck" if entry["is_stuck"] else "waits its turn",
            entry["origin"],
            screen.instant(entry["since"]),
        )
        for entry in entries
    ]
    columns = ("reader", "aggregate", "key", "source", "#sequence", "why", "", "origin", "since (UTC)")
    yield screen.table(f"Parked: {len(entries)}", *columns, rows=rows) if rows else "Nothing is parked."
