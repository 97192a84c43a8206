"""Referrals through a system that is running, measured: how many, how soon, and what each process spent on one."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench import listen, meter
from bench.dataset import Dataset
from bench.load import Spec

Moved = Callable[[int], None]


@dataclass(frozen=True)
class Subject:
    """What is measured: where it takes orders, and where it says what became of them.

    `key_of(record)` names the referral whose patient was told; `readers` are its consumer groups and their topics.
    """

    name: str
    bootstrap: str
    port: int
    pids: Mapping[str, int]
    topic: str
    key_of: Callable[[Any], str | None]
    readers: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Sender:
    """How orders are sent: of which dataset, dated when, in whose name, and where the account is put down."""

    dataset: Dataset
    authored_at: str
    issuer_url: str
    credentials_file: str
    folder: Path


@dataclass(frozen=True)
class Amount:
    """How many referrals, from which number on, over how many connections; `per_second` 0: as fast as they go."""

    first: int
    count: int
    connections: int = 64
    per_second: float = 0


@dataclass(frozen=True)
class Figures:
    """What one run gave. Times in milliseconds, CPU in microseconds per referral, memory in MiB.

    `told` is from sending the order until the patient was told of the visit; `recorded_s` until every reader had all.
    """

    referrals: int
    told_s: float
    recorded_s: float
    per_second: float
    taken_per_second: float
    taken_p50_ms: float
    taken_p99_ms: float
    told_p50_ms: float
    told_p99_ms: float
    cpu_us: Mapping[str, float]
    load_cpu_us: float
    rss_mb: Mapping[str, float]
    peak_mb: Mapping[str, float]


async def run(subject: Subject, sender: Sender, amount: Amount, moved: Moved) -> Figures:
    """Send the orders, wait until all patients are told and all readers have read, and add up."""
    async with listen.following(subject.bootstrap, subject.topic, subject.key_of) as follower:
        before, began = meter.read(subject.pids), time.time()
        async with asyncio.TaskGroup() as group:
            load = group.create_task(send(subject.port, sender, amount))
            telling = group.create_task(follower.until(amount.count, moved))
    await listen.caught_up(subject.bootstrap, subject.readers)
    recorded_s, after = time.time() - began, meter.read(subject.pids)
    return Figures(
        **_times(telling.result(), load.result()),
        recorded_s=recorded_s,
        cpu_us=meter.cpu_us(before, after, amount.count),
        load_cpu_us=load.result()["cpu_s"] / amount.count * 1e6,
        rss_mb={name: reading.rss_mb for name, reading in after.items()},
        peak_mb={name: reading.peak_mb for name, reading in after.items()},
    )


def _times(told_at: Mapping[str, float], account: Mapping[str, Any]) -> dict[str, Any]:
    sent_at, taken_ms = account["sent_at"], [seconds * 1000 for seconds in account["took_s"]]
    told_ms = [(told_at[key] - at) * 1000 for key, at in sent_at.items()]
    told_s = max(told_at.values()) - min(sent_at.values())
    return {
        "referrals": len(sent_at),
        "told_s": told_s,
        "per_second": len(sent_at) / told_s,
        "taken_per_second": len(sent_at) / account["elapsed_s"],
        "taken_p50_ms": percentile(taken_ms, 50),
        "taken_p99_ms": percentile(taken_ms, 99),
        "told_p50_ms": percentile(told_ms, 50),
        "told_p99_ms": percentile(told_ms, 99),
    }


def percentile(values: Sequence[float], rank: int) -> float:
    """The value below which so many percent of the values are."""
    return quantiles(values, n=100, method="inclusive")[rank - 1]


async def send(port: int, sender: Sender, amount: Amount) -> dict[str, Any]:
    """Run the load generator, as a process of its own; what it says of each order."""
    spec = Spec(
        port=port,
        path="/v1/referrals",
        first=amount.first,
        count=amount.count,
        connections=amount.connections,
        per_second=amount.per_second,
        dataset=sender.dataset,
        authored_at=sender.authored_at,
        issuer_url=sender.issuer_url,
        credentials_file=sender.credentials_file,
        account_file=str(sender.folder / "account.json"),
    )
    file = sender.folder / "load.json"
    file.write_text(json.dumps(asdict(spec)))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.load", str(file))
    try:
        assert await process.wait() == 0, "The load generator failed."
    finally:
        if process.returncode is None:
            process.kill()
    return _account(spec)


def _account(spec: Spec) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(spec.account_file).read_bytes())
    return found
