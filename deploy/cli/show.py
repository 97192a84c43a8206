"""`throughline show REFERRAL`: what happened to a referral, and what must happen next."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.reach import find_platform, reaching

Referral = Annotated[str, typer.Argument(help="The referral's id, such as demo-k5h2….")]


def show(referral: Referral, *, as_json: screen.AsJson = False) -> None:
    """Show the timeline of a referral. There is no patient data in it."""
    document = asyncio.run(_ask(referral))
    screen.show(document, as_json=as_json, tables=lambda: _tables(document))


async def _ask(referral: str) -> dict[str, Any]:
    async with reaching(find_platform()) as reach:
        path = f"/v1/referrals/{referral}/timeline"
        whole: dict[str, Any] = await reach.get("tracking", path)
        while following := whole.pop("next", None):
            page = await reach.get("tracking", f"{path}?cursor={following}")
            whole |= {"facts": whole["facts"] + page["facts"], "next": page["next"]}
        return whole


def _tables(timeline: dict[str, Any]) -> Iterator[RenderableType]:
    rows = [
        (
            screen.instant(fact["recorded_at"]),
            fact["service"],
            _name(fact["type"]),
            fact["reason"] and fact["reason"]["code"],
            *_then(fact["tasks"]),
        )
        for fact in timeline["facts"]
    ]
    columns = ("when (UTC)", "service", "what happened", "why", "then", "who", "until (UTC)")
    yield screen.table(f"Referral {timeline['referral_id']}", *columns, rows=rows)


def _name(type_: str) -> str:
    return type_.removeprefix("org.throughline.").rpartition(".v")[0]


def _then(tasks: list[dict[str, str]]) -> tuple[str, str, str]:
    """A line for each task."""
    acts, owners = ("\n".join(task[name] for task in tasks) for name in ("act", "owner"))
    return acts, owners, "\n".join(screen.instant(task["due_at"]) for task in tasks)
