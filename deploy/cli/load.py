"""`throughline load FILE`: sends a file of FHIR Bundles to intake, and says of each line that was refused why."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.exits import Code
from deploy.cli.feed import FHIR, Account, Feed, IntakeRequest
from deploy.cli.lines import Line, opened
from deploy.cli.reach import Reach, find_platform, reaching

File = Annotated[Path, typer.Argument(help="NDJSON, one FHIR R4 Bundle a line, or one Bundle on many; plain or gzip.")]


def load(file: File, *, as_json: screen.AsJson = False) -> None:
    """Load a file. Refused lines go to FILE.rejects.ndjson; loading it again doubles nothing."""
    document = asyncio.run(_load(file))
    screen.show(document, as_json=as_json, tables=lambda: _tables(document))
    if document["refused"]:
        raise typer.Exit(Code.SOME_REFUSED)


async def _load(file: Path) -> dict[str, Any]:
    began = time.monotonic()
    async with reaching(find_platform()) as reach:
        account = await feed_file(reach, file)
    took_s = time.monotonic() - began
    return {
        "file": str(file),
        "sent": account.sent,
        "new": len(account.referrals),
        "repeated": account.repeated,
        "changed": account.changed,
        "refused": len(account.refused),
        "warnings": {code: asdict(odd) for code, odd in sorted(account.odd.items())},
        "rejects_file": str(rejects_of(file)) if account.refused else None,
        "seconds": round(took_s, 1),
        "per_second": round(account.sent / took_s, 1),
    }


async def feed_file(reach: Reach, file: Path) -> Account:
    """Send every line, with a bar on a terminal, and write down what was refused."""
    with opened(file) as lines, screen.progress(f"Loading {file.name}") as moved:
        began, feed = time.monotonic(), Feed(reach, lambda _request: None)

        def requests() -> Iterator[IntakeRequest]:
            for line in lines:
                rate = feed.account.sent / max(time.monotonic() - began, 0.001)
                moved(line.read, f"{feed.account.sent:,} sent, {rate:,.0f}/s, {len(feed.account.refused)} refused")
                yield _request(line)

        account = await feed.send_all(requests())
    write_rejects(file, account)
    return account


def rejects_of(file: Path) -> Path:
    """Where the refused lines of a file are written down."""
    return file.with_name(f"{file.name}.rejects.ndjson")


def write_rejects(file: Path, account: Account) -> None:
    """Line number, status, reason and pointers of what was refused; never the content. No refusals, no file."""
    path = rejects_of(file)
    path.unlink(missing_ok=True)
    if account.refused:
        refused = sorted(account.refused, key=lambda refusal: refusal.line)
        lines = [
            json.dumps({"line": r.line, "status": r.status, "code": r.code, "pointers": r.pointers}) for r in refused
        ]
        path.write_text("\n".join(lines) + "\n")


def _request(line: Line) -> IntakeRequest:
    return IntakeRequest(line.number, FHIR, line.content)


def _tables(document: dict[str, Any]) -> Iterator[RenderableType]:
    figures = ("sent", "new", "repeated", "changed", "refused", "seconds", "per_second")
    rows = [[document[figure] for figure in figures]]
    yield screen.table(f"Loaded {document['file']}", *(f"#{f.replace('_', ' ')}" for f in figures), rows=rows)
    if document["warnings"]:
        odd = [[code, each["count"], each["line"], each["detail"]] for code, each in document["warnings"].items()]
        yield screen.table("Taken with a warning", "kind", "#orders", "#first in line", "what", rows=odd)
    if document["rejects_file"]:
        yield f"Why lines were refused is in {document['rejects_file']}."
