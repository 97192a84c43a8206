"""`python -m tests.simulation SEEDS [FIRST] [KIND]`: play many seeds, say how far it is, and show what fails."""

import argparse
import os
import sys
import time
from collections import Counter

from tests.simulation.runs import PLAYS, judged, never_struck, timer_failures

SHOWN_EVERY_S = 10.0
SHOWN_AT_MOST = 5
ENOUGH = 200
"""After so many seeds every fault must have struck."""


def main() -> int:
    """Play the seeds of each kind asked for; the exit code is 1 when one failed, or a fault was spared."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Play the simulation.")
    parser.add_argument("seeds", type=int, help="how many seeds, of each kind")
    parser.add_argument("first", type=int, nargs="?", default=0, help="the first seed (0)")
    parser.add_argument("kind", nargs="?", choices=list(PLAYS), help="which simulation (all)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many cores to use (all)")
    asked = parser.parse_args()
    kinds = [asked.kind] if asked.kind else list(PLAYS)
    return max(_play(kind, asked.first, asked.seeds, asked.processes) for kind in kinds)


def _play(kind: str, first: int, seeds: int, processes: int) -> int:
    struck: Counter[str] = Counter()
    failed, started, shown = 0, time.monotonic(), time.monotonic()
    for n, verdict in enumerate(judged(kind, first, seeds, min(processes, seeds)), 1):
        struck.update(verdict.struck or {})
        if verdict.wrong:
            failed += 1
            _say(str(verdict) if failed <= SHOWN_AT_MOST else f"Seed {verdict.seed} fails, too.")
        if time.monotonic() - shown > SHOWN_EVERY_S:
            shown = time.monotonic()
            _say(f"{kind}: {n} of {seeds} seeds, {failed} failed, {n / (shown - started):.0f} seeds/s")
    _say(f"{kind}: {failed} of {seeds} seeds failed, in {time.monotonic() - started:.0f} s")
    _say(timer_failures(struck))
    if missing := never_struck(struck):
        _say(f"Never struck: {', '.join(missing)}")
    return 1 if failed or (missing and seeds >= ENOUGH) else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
