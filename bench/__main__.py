"""`make bench`: everything in one run on one stack. `--only PART` for a part, `--count` and `--upto` for its size."""

import argparse
import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import meter, report, shapes
from bench.dataset import Dataset
from bench.http_intake import BARE, CONNECTIONS, ROUNDS, Taken, bare, taken
from bench.peers import peer
from bench.product import Product, product
from bench.run import Amount, Figures, Subject, run
from bench.story import facts_of_one
from deploy.local.stack import Stack, local_stack

DIRECTORY: Final = Path(".throughline/bench")
RESULTS: Final = Path(__file__).parent / "results" / "latest.json"
WARM_UP: Final = 300
"""Referrals that open connections, fill caches and wake the broker's compiler; what they cost is not counted."""
PER_SECOND, STEADY_S = 10, 60
FIRST_MARK: Final = 1_000
IDLE_S: Final = 10


@dataclass(frozen=True)
class Sizes:
    """Referrals in a burst, in a burst through those that manage tens a second, and that growth ends with."""

    count: int
    few: int
    upto: int


@dataclass
class Bench:
    """One run: the product, its `stock` of referrals, the orders `sent` to anybody, and what was found so far."""

    stack: Stack
    product: Product
    folder: Path
    sizes: Sizes
    sent: int = 0
    stock: int = 0
    found: dict[str, Any] = field(default_factory=dict)

    def send(self, title: str, count: int, per_second: float = 0, peer: Subject | None = None) -> Figures:
        """Measure so many more referrals through the product, or through a peer of it, with a bar."""
        subject = peer or self.product.subject
        amount = Amount(self.sent, count, per_second=per_second)
        self.sent += count
        self.stock += 0 if peer else count
        with report.progress(title, count) as moved:
            figures = asyncio.run(run(subject, self.product.sender, amount, moved))
        report.say(title, figures)
        return figures

    def against(self, name: str, count: int, per_second: float = 0) -> Figures:
        """The same through a peer, which is started for it and ended; the product is idle meanwhile."""
        with peer(name, self.stack, self.folder) as subject:
            self.send(f"{name}: warm-up", min(WARM_UP, count), peer=subject)
            return self.send(name, count, per_second, peer=subject)


def burst(bench: Bench) -> None:
    """So many referrals at once, through all five services, and through the floor before and after."""
    runs = {
        "floor before": bench.against("floor", bench.sizes.count),
        "throughline": bench.send("burst", bench.sizes.count),
    }
    runs |= {name: bench.against(name, bench.sizes.count) for name in ("floor", "floor with calls")}
    runs |= {name: bench.against(name, bench.sizes.few) for name in ("faststream", "faststream with transactions")}
    facts: dict[str, Mapping[str, float]] = {"throughline": asyncio.run(bench.product.facts_of_one())}
    facts["the others"] = facts_of_one()
    bench.found["burst"] = {**runs, "facts_per_referral": facts}
    report.show_runs("Burst", runs)
    report.show_facts(facts)
    report.show_ratios(runs)


def steady(bench: Bench) -> None:
    """Ten referrals a second for a minute, and how soon each patient is told; then the same through the floor."""
    count = PER_SECOND * STEADY_S
    runs = {
        "throughline": bench.send("steady", count, PER_SECOND),
        "floor with calls": bench.against("floor with calls", count, PER_SECOND),
    }
    bench.found["steady"] = runs
    report.show_runs(f"{PER_SECOND} referrals a second", runs)


def growth(bench: Bench) -> None:
    """What a referral costs, the more there are."""
    runs: dict[str, Figures] = {}
    upto = bench.sizes.upto
    for mark in [FIRST_MARK, *(upto * tenths // 10 for tenths in range(1, 11))]:
        if mark > bench.stock:
            name = f"{bench.stock:,} to {mark:,}"
            runs[name] = bench.send(name, mark - bench.stock)
            bench.found["growth"] = runs
    report.show_runs("Growth", runs)


def intake(bench: Bench) -> None:
    """HTTP intake by itself, last: the product's other services are stopped for it, the floor's are not started."""
    product, found = bench.product, list[tuple[str, Taken]]()
    product.leave_intake_alone()
    with bare(bench.folder) as (bare_port, pid), peer("floor", bench.stack, bench.folder, ["intake"]) as floor:
        endpoints = {BARE: (bare_port, {BARE: pid})}
        for subject in (floor, product.subject):
            pids = {name: pid for name, pid in subject.pids.items() if name in ("intake", "mongod", "broker")}
            endpoints[subject.name] = (subject.port, pids)
        for connections, count in CONNECTIONS.items():
            for name, (port, measured) in [*endpoints.items()] * ROUNDS:
                amount = Amount(bench.sent, count, connections)
                bench.sent += count
                found.append((name, asyncio.run(taken(port, measured, product.sender, amount))))
    bench.found["intake"] = found
    report.show_endpoints(found)
    bench.found["large_bundles"] = shapes.measured()
    report.show_shapes(bench.found["large_bundles"])


PARTS: Final[Mapping[str, Callable[[Bench], None]]] = {
    "burst": burst,
    "steady": steady,
    "growth": growth,
    "intake": intake,
}


def main() -> None:
    """Measure what was asked for, on one stack."""
    asked = _arguments()
    parts, sizes = asked.only or list(PARTS), Sizes(asked.count, asked.few, asked.upto)
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    largest = max(sizes.upto if "growth" in parts else 0, sizes.count + WARM_UP + PER_SECOND * STEADY_S)
    dataset = Dataset.for_referrals(largest)
    with local_stack(DIRECTORY, print) as stack, product(stack, DIRECTORY.resolve(), dataset) as running:
        bench = Bench(stack, running, DIRECTORY, sizes, found={"machine": report.machine(), "stack": stack.kind})
        bench.send("warm-up", WARM_UP)
        bench.found["idle_cores"] = idle(running.subject.pids)
        for name in parts:
            PARTS[name](bench)
            report.write(asked.out, bench.found)


def idle(pids: Mapping[str, int]) -> dict[str, float]:
    """How much of a core each process uses while there is nothing to do."""
    before = meter.read(pids)
    time.sleep(IDLE_S)
    after = meter.read(pids)
    return {name: (after[name].cpu_s - before[name].cpu_s) / IDLE_S for name in pids}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), help="parts to measure (all)")
    parser.add_argument("--count", type=int, default=10_000, help="referrals in the burst")
    parser.add_argument("--few", type=int, default=1_000, help="the same for peers that manage tens a second")
    parser.add_argument("--upto", type=int, default=100_000, help="referrals that growth ends with")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the figures go, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
