"""`throughline status`: whether each part answers, how far it is, and where the referrals stand."""

import asyncio
from collections.abc import Iterable
from typing import Any

import typer
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.exits import Code, Failure
from deploy.cli.quiet import Progress
from deploy.cli.reach import Reach, find_platform, reaching
from deploy.platform import registry


def status(*, as_json: screen.AsJson = False) -> None:
    """Show what is running. Exit code 4 when a part does not answer."""
    document = asyncio.run(_ask())
    screen.show(document, as_json=as_json, tables=lambda: _tables(document))
    if not all(part["answers"] for part in document["parts"].values()):
        raise typer.Exit(Code.UNREACHABLE)


async def _ask() -> dict[str, Any]:
    async with reaching(find_platform()) as reach:
        names = list(reach.addresses.urls)
        parts = await asyncio.gather(*(_part(reach, name) for name in names))
        return {"tenant": reach.addresses.tenant, "parts": dict(zip(names, parts, strict=True))}


async def _part(reach: Reach, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"url": reach.addresses.urls[name], "answers": True}
    try:
        if name in registry.names():
            progress = Progress.model_validate(await reach.get(name, "/v1/progress"))
            return found | _figures(progress)
        if name == "simulators":
            return {**found, **await reach.get(name, "/agenda")}
        return found | {"has_key": bool((await reach.get(name, "/.well-known/jwks.json"))["keys"])}
    except Failure as failure:
        return found | {"answers": False, "why": str(failure)}


def _figures(progress: Progress) -> dict[str, Any]:
    totals = [collection for collection in progress.aggregates.values() if collection.documents]
    return {
        "now": progress.now,
        "documents": sum(collection.documents for collection in totals),
        "unpublished": sum(collection.unpublished for collection in totals),
        "parked": sum(collection.parked for collection in totals),
        "calls": sum(collection.calls for collection in totals),
        "next_wake_at": min((c.next_wake_at for c in totals if c.next_wake_at), default=None),
    }


def _tables(document: dict[str, Any]) -> Iterable[RenderableType]:
    figures = ("documents", "unpublished", "parked", "calls")
    rows = [
        (
            "✓" if part["answers"] else "✗",
            name,
            part["url"],
            *(part.get(figure) for figure in figures),
            screen.instant(part.get("next_wake_at") or part.get("next_due_at")),
        )
        for name, part in document["parts"].items()
    ]
    columns = ("", "part", "address", *(f"#{figure}" for figure in figures), "next due (UTC)")
    yield screen.table(f"Throughline, tenant {document['tenant']}", *columns, rows=rows)
