"""Prints results on stdout, as tables or one JSON document, and everything else on stderr.

Progress moves on a terminal only.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from pydantic_core import to_json
from rich import box
from rich.console import Console, JustifyMethod, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of tables.")]
_WIDTH_OF_FILES: Final = 160
_ASIDE: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """Print progress for people, beside the result."""
    _ASIDE.print(sentence, markup=False, style="dim")


def show(document: Any, *, as_json: bool, tables: Callable[[], Iterable[RenderableType]]) -> None:
    """Show a result in the form asked for."""
    if as_json:
        sys.stdout.write(to_json(document, indent=1).decode() + "\n")
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)
    for found in tables():
        if isinstance(found, str):
            sys.stdout.write(f"{found}\n")  # as it is: a token must not be wrapped
        else:
            console.print(found)


def table(title: str, *columns: str, rows: Iterable[Iterable[object]]) -> Table:
    """A table; columns whose heading begins with # hold numbers and stand to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        is_number = column.startswith("#")
        is_id = column == "referral"  # whole, so that it can be copied
        justify: JustifyMethod = "right" if is_number else "left"
        made.add_column(column.removeprefix("#"), justify=justify, overflow="fold", no_wrap=is_id)
    for row in rows:
        made.add_row(*(_text(value) for value in row))
    return made


@contextmanager
def progress(label: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on a terminal, nothing elsewhere. Yields what moves it: how much is done (0 to 1), and a word beside it."""
    words = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[beside]}")
    console = Console(stderr=True)
    with Progress(*words, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=1.0, beside="")
        yield lambda done, beside: bar.update(task, completed=done, beside=beside)


def instant(moment: datetime | str | None) -> str:
    """An instant for people: local to nobody, so in UTC, to the minute."""
    if moment is None:
        return ""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{found:%a %d %b %Y %H:%M}"


def duration(seconds: float | None) -> str:
    """A duration for people, in its two largest units."""
    if seconds is None:
        return ""
    units = (("d", 86_400), ("h", 3_600), ("min", 60))
    for name, size in units:
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.1f} s"


def _text(value: object) -> str:
    return "" if value is None else str(value)
