"""One seed from its beginning to its verdict, and many of them. A verdict says how to see it again."""

import traceback
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from multiprocessing import get_context
from typing import Any

from structlog.testing import capture_logs

from tests.simulation.cluster import Cluster
from tests.simulation.determinism import by_the_seed
from tests.simulation.endless import Endless
from tests.simulation.poison import SPOILED
from tests.simulation.relay.play import play as play_relay
from tests.simulation.scheduler import SeededLoop, run
from tests.simulation.services.play import play as play_services
from tests.simulation.storm import ODDS, ZOMBIE
from tests.simulation.troubles import TROUBLES

HISTORY_SHOWN = 60
CHUNK = 10

Play = Callable[[SeededLoop], Coroutine[Any, Any, tuple[Cluster, list[str]]]]
PLAYS: Mapping[str, Play] = {"engine": play_relay, "services": play_services}


@dataclass(frozen=True)
class Verdict:
    """What became of one seed. `digest` is of every step, fault and final state: the same seed has the same one."""

    kind: str
    seed: int
    wrong: tuple[str, ...] = ()
    struck: Counter[str] | None = None
    history: tuple[str, ...] = ()
    digest: str = ""

    def __str__(self) -> str:
        """What is wrong, what had struck, and how to replay it."""
        faults = self.history[-HISTORY_SHOWN:]
        return "\n".join(
            [
                f"Seed {self.seed} of the {self.kind} simulation ({self.digest}):",
                *(f"  WRONG: {each}" for each in self.wrong),
                f"  after {len(self.history)} faults{', the last of which were' if faults else ''}",
                *(f"    {each}" for each in faults),
                f"Replay: python -m tests.simulation 1 {self.seed} {self.kind}",
            ]
        )


def judge(kind: str, seed: int) -> Verdict:
    """Play one seed."""
    try:
        with capture_logs(), by_the_seed():
            cluster, wrong = run(seed, PLAYS[kind])
    except Endless as finding:
        return Verdict(kind, seed, (str(finding),))
    except Exception:  # noqa: BLE001 - a fault of the simulation itself must name its seed, too
        return Verdict(kind, seed, (traceback.format_exc(),))
    storm = cluster.storm
    return Verdict(kind, seed, tuple(wrong), storm.struck, tuple(storm.history), _digest(cluster))


def _digest(cluster: Cluster) -> str:
    topics = [[(r.origin, r.headers, r.value) for r in log] for _, log in sorted(cluster.disk.topics.items())]
    ends = repr((cluster.storm.loop.steps, cluster.storm.history, cluster.documents(), topics))
    return sha256(ends.encode()).hexdigest()[:16]


def judged(kind: str, first: int, seeds: int, processes: int) -> Iterator[Verdict]:
    """Play many seeds on several cores, in order. What held is told without its history."""
    starts = range(first, first + seeds, CHUNK)
    ends = [min(start + CHUNK, first + seeds) for start in starts]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from chain.from_iterable(pool.map(_chunk, [kind] * len(starts), starts, ends))


def _chunk(kind: str, start: int, end: int) -> list[Verdict]:
    verdicts = [judge(kind, seed) for seed in range(start, end)]
    return [verdict if verdict.wrong else replace(verdict, history=()) for verdict in verdicts]


def never_struck(struck: Counter[str]) -> list[str]:
    """The faults that never happened: nothing is proved about them."""
    return sorted(fault for fault in (*ODDS, *TROUBLES, SPOILED, ZOMBIE) if not struck[fault])


def timer_failures(struck: Counter[str]) -> str:
    """How often each fault happened, in words."""
    return "Faults: " + ", ".join(f"{fault} {n}" for fault, n in struck.most_common())
