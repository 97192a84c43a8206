"""HTTP intake alone: orders taken durably, against an endpoint with the same validation that writes nothing."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import meter
from bench.run import Amount, Sender, percentile, send
from deploy.local.ports import free_port
from deploy.local.processes import Processes

CONNECTIONS: Final[Mapping[int, int]] = {1: 600, 32: 2400, 128: 2400}
"""How many orders over how many connections."""
BARE: Final = "bare"
ROUNDS: Final = 2
START_S: Final = 30.0


@dataclass(frozen=True)
class Taken:
    """What one endpoint gave over so many connections: times in milliseconds, CPU in microseconds per order.

    `load_share` is how much of a core the load generator used: near 1, it is itself what is measured.
    """

    connections: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: Mapping[str, float]
    load_share: float


@contextmanager
def bare(directory: Path) -> Iterator[tuple[int, int]]:
    """Yield the port and the process id of the endpoint that writes nothing; on the way out, end it."""
    port = free_port()
    with Processes(directory / BARE) as processes:
        processes.start(BARE, [sys.executable, "-m", "bench.bare", str(port)], {}, f"http://127.0.0.1:{port}/readyz")
        processes.wait_ready(BARE, START_S)
        yield port, processes.pid(BARE)


async def taken(port: int, pids: Mapping[str, int], sender: Sender, amount: Amount) -> Taken:
    """Send orders to one endpoint."""
    before = meter.read(pids)
    account = await send(port, sender, amount)
    after = meter.read(pids)
    took_ms = [seconds * 1000 for seconds in account["took_s"]]
    return Taken(
        connections=amount.connections,
        per_second=amount.count / account["elapsed_s"],
        p50_ms=percentile(took_ms, 50),
        p99_ms=percentile(took_ms, 99),
        cpu_us=meter.cpu_us(before, after, amount.count),
        load_share=account["cpu_s"] / account["elapsed_s"],
    )
