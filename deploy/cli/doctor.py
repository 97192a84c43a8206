"""`throughline doctor`: what this machine offers, and what to do about the rest."""

from collections.abc import Iterable
from dataclasses import asdict

import typer
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.exits import Code
from deploy.local.doctor import Check, checks

_OPTIONAL = frozenset({"Docker", "Java", "Maven", "Tansu"})
"""Ways to a broker: one of them is enough."""


def doctor(*, as_json: screen.AsJson = False) -> None:
    """Look at this machine, and change nothing."""
    found = checks()
    document = {"checks": [asdict(check) for check in found], "can_run": can_run(found)}
    screen.show(document, as_json=as_json, tables=lambda: _tables(found))
    if not can_run(found):
        raise typer.Exit(Code.UNREACHABLE)


def can_run(found: Iterable[Check]) -> bool:
    """Whether the demo can: with Docker, or with what it needs and Java with Maven, or Tansu."""
    fine = {check.name for check in found if check.ok}
    needed = {check.name for check in found if check.name not in _OPTIONAL | {"mongod"}}
    has_stack = "Docker" in fine or ("mongod" in fine and ("Tansu" in fine or {"Java", "Maven"} <= fine))
    return needed <= fine and has_stack


def _tables(found: Iterable[Check]) -> Iterable[RenderableType]:
    rows = [("✓" if check.ok else "✗", check.name, check.detail, check.remedy) for check in found]
    yield screen.table("This machine", "", "what", "found", "what to do", rows=rows)
    yield "It can run Throughline." if can_run(found) else "It cannot run Throughline yet."
