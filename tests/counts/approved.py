"""The approved price of a referral, and how a measured one differs from it.

The file says for each change of a figure what it buys. Commands, documents, calls and the like are held exactly, bytes
within five percent of what was approved last, so that many small steps do not add up unseen.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.counts.counted_services import Figures
from tests.counts.tally import MEASURES

APPROVED = Path(__file__).parent / "approved.json"
BYTES_WITHIN = 0.05


def approved() -> Mapping[str, Figures]:
    """What each story may cost."""
    figures: Mapping[str, Figures] = json.loads(APPROVED.read_text())["stories"]
    return figures


def differences(measured: Figures, allowed: Figures) -> Iterator[str]:
    """Each figure that is not as approved: where, how much, and by how much it may be."""
    for service in sorted({*measured, *allowed}):
        for measure in MEASURES:
            found = measured.get(service, {}).get(measure, 0)
            known = allowed.get(service, {}).get(measure, 0)
            within = known * BYTES_WITHIN if measure.endswith("bytes") else 0
            if abs(found - known) > within:
                yield f"{service} {measure}: {found}, approved {known}"


def table(name: str, figures: Figures) -> str:
    """A story's price, a column for each service."""
    rows = [f"{name:16}" + "".join(f"{service:>15}" for service in figures) + f"{'in all':>15}"]
    for measure in MEASURES:
        found = [of_service.get(measure, 0) for of_service in figures.values()]
        rows.append(f"{measure:16}" + "".join(f"{n:15,}" for n in [*found, sum(found)]))
    return "\n".join(rows)


def write(measured: Mapping[str, Figures], why: str) -> None:
    """Approve what was measured, for a reason that joins those before it."""
    before: Any = json.loads(APPROVED.read_text()) if APPROVED.exists() else {"changes": [], "stories": {}}
    totals = {name: _in_all(figures) for name, figures in measured.items()}
    was = {name: _in_all(figures) for name, figures in before["stories"].items()}
    moved = {
        name: {m: f"{was.get(name, {}).get(m, 0)} to {n}" for m, n in of.items() if n != was.get(name, {}).get(m, 0)}
        for name, of in totals.items()
    }
    changes = [*before["changes"], {"why": why, "in_all": moved}]
    stories = {name: {s: {m: of.get(m, 0) for m in MEASURES} for s, of in f.items()} for name, f in measured.items()}
    APPROVED.write_text(json.dumps({"changes": changes, "stories": stories}, indent=1) + "\n")


def _in_all(figures: Figures) -> Mapping[str, int]:
    return {measure: sum(of.get(measure, 0) for of in figures.values()) for measure in MEASURES}
