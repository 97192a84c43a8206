"""What was measured, as tables for people and as JSON for programs. Nothing is measured here."""

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from bench.http_intake import Taken
from bench.run import Figures
from deploy.platform import registry

CONSOLE = Console(width=None if sys.stdout.isatty() else 120)
_SUMMARY = ("", "referrals", "/s told", "/s taken", "told p50 ms", "p99", "taken p50 ms", "p99", "CPU µs each")
_PROCESSES = ("process", "CPU µs per referral", "resident MiB", "at its highest")


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes how far it is."""
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=CONSOLE, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


def machine() -> dict[str, object]:
    """On what it was measured, and how busy that was with other things."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; the first column is words, the others are numbers."""
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    for row in rows:
        table.add_row(*(_written(cell) for cell in row))
    CONSOLE.print(table)


def show_runs(title: str, runs: Mapping[str, Figures]) -> None:
    """Print runs of referrals: how many and how soon, then what each process spent and held."""
    show(title, _SUMMARY, [_summary(name, figures) for name, figures in runs.items()])
    for name, f in runs.items():
        rows = [[process, f.cpu_us[process], f.rss_mb[process], f.peak_mb[process]] for process in f.cpu_us]
        show(f"{title}: {name}", _PROCESSES, [*rows, ["load generator", f.load_cpu_us, "", ""]])


def say(title: str, f: Figures) -> None:
    """Print one run as soon as it is over: all of it takes an hour, and may be cut short."""
    spent = sum(f.cpu_us.values())
    services = {process: held for process, held in f.rss_mb.items() if process in registry.names()}
    largest = max(services, key=lambda process: services[process])
    CONSOLE.print(
        f"{title}: {f.referrals:,} referrals, {_written(f.per_second)} a second, {_written(spent)} µs of CPU each;"
        f" {largest} holds {_written(services[largest])} MiB"
    )


def show_facts(found: Mapping[str, Mapping[str, float]]) -> None:
    """Print how many facts a referral has by the hand of each: what is compared must be the same work."""
    rows = [
        [name, *(facts.get(service, 0) for service in registry.names()), sum(facts.values())]
        for name, facts in found.items()
    ]
    show("Facts per referral", ("", *registry.names(), "in all"), rows)


def show_ratios(runs: Mapping[str, Figures], ours: str = "throughline") -> None:
    """Print what the product gives for each that another gives, and what it spends."""
    rows = [
        [name, runs[ours].per_second / figures.per_second, cpu_of(runs[ours]) / cpu_of(figures)]
        for name, figures in runs.items()
        if name != ours
    ]
    show(f"{ours} against", ("", "referrals/s", "CPU"), rows)


def show_endpoints(found: Sequence[tuple[str, Taken]]) -> None:
    """Print what each endpoint gave."""
    columns = ("", "connections", "orders/s", "p50 ms", "p99 ms", "CPU µs by process", "load generator's core")
    rows = [
        [name, t.connections, t.per_second, t.p50_ms, t.p99_ms, _by_process(t.cpu_us), f"{t.load_share:.0%}"]
        for name, t in found
    ]
    show("HTTP intake", columns, rows)


def show_shapes(found: Mapping[str, Mapping[str, float]]) -> None:
    """Print what reading large Bundles cost."""
    columns = ("Bundle", "KiB", "CPU ms", "loop kept waiting ms")
    rows = [[name, r["size_bytes"] / 1024, r["cpu_ms"], r["loop_blocked_ms"]] for name, r in found.items()]
    show("Large Bundles read by intake", columns, rows)


def _by_process(cpu_us: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_written(used)}" for name, used in cpu_us.items())


def cpu_of(figures: Figures) -> float:
    """All processes together, without the outside world, which the peers do not ask."""
    return sum(used for name, used in figures.cpu_us.items() if name != "outside")


def _summary(name: str, f: Figures) -> list[object]:
    taken, told = (f.taken_p50_ms, f.taken_p99_ms), (f.told_p50_ms, f.told_p99_ms)
    return [name, f.referrals, f.per_second, f.taken_per_second, *told, *taken, sum(f.cpu_us.values())]


def write(path: Path, found: Mapping[str, Any]) -> None:
    """Write everything to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, default=_plain) + "\n")
    CONSOLE.print(f"Written to {path}.")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(type(value).__name__)


def _written(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.2f}" if abs(cell) < 10 else f"{cell:,.1f}" if abs(cell) < 100 else f"{cell:,.0f}"  # noqa: PLR2004 - three digits are enough
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
