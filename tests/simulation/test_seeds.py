"""The engine and the five services keep their promises under everything that can go wrong, and a seed replays."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.runs import judge, judged, never_struck, timer_failures
from tests.support.sizes import SIZES

SEEDS = {"services": SIZES.service_seeds, "engine": SIZES.engine_seeds}
REPLAYED = 4
PROCESSES = min(os.cpu_count() or 1, 4)
ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(SIZES.timeout_s)
@pytest.mark.parametrize("kind", SEEDS)
def test_no_seed_breaks_a_promise(kind: str, say: Callable[[str], None]) -> None:
    """No invariant fails, and no fault of the catalogue was spared: about what never struck nothing is proved."""
    struck: Counter[str] = Counter()
    for verdict in judged(kind, 0, SEEDS[kind], PROCESSES):
        assert not verdict.wrong, str(verdict)
        struck.update(verdict.struck or {})

    say(f"{kind}: {SEEDS[kind]} seeds were played. {timer_failures(struck)}")
    assert [] == never_struck(struck)


@pytest.mark.parametrize("kind", SEEDS)
def test_a_seed_replays_exactly(kind: str) -> None:
    """Step by step and byte by byte, seals included, in this process and in one with other hashes."""
    program = f"from tests.simulation.runs import judge\nfor n in range({REPLAYED}): print(judge('{kind}', n).digest)"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    other = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    first = [judge(kind, seed).digest for seed in range(REPLAYED)]
    assert [first, first] == [[judge(kind, seed).digest for seed in range(REPLAYED)], other.stdout.split()]
