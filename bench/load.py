"""Sends orders to intake from a process of its own, and notes for each when it was sent and what it cost to be taken.

`python -m bench.load SPEC.json` writes its account to the file that the specification names.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2
import uvloop

from bench.dataset import Dataset, orders
from bench.wire import Connection, request
from shared.effects import ServiceToken
from shared.identity import audience_of

ACCEPTED, LATER = 202, frozenset({429, 503})
PAUSE_S = 0.02


@dataclass(frozen=True)
class Spec:
    """What to send: `count` orders from `first` on, over `connections`; `per_second` 0: as fast as they are taken."""

    port: int
    path: str
    first: int
    count: int
    connections: int
    per_second: float
    dataset: Dataset
    authored_at: str
    issuer_url: str
    credentials_file: str
    account_file: str


@dataclass
class Account:
    """What became of it: per referral when it was sent (epoch), and how long each answer took."""

    sent_at: dict[str, float] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    busy: int = 0
    elapsed_s: float = 0.0
    cpu_s: float = 0.0


class Load:
    """One run."""

    def __init__(self, spec: Spec, token: ServiceToken) -> None:
        self._spec, self._token = spec, token
        self._bodies: Iterator[bytes] = orders(spec.dataset, spec.first, spec.count, spec.authored_at)
        self._began, self._started = 0.0, 0
        self.account = Account()

    async def run(self) -> None:
        """Send everything."""
        connections = [await Connection.to(self._spec.port) for _ in range(self._spec.connections)]
        await self._token()
        self._began, began_cpu = time.monotonic(), _cpu_s()
        await asyncio.gather(*[self._send_from(connection) for connection in connections])
        self.account.elapsed_s = time.monotonic() - self._began
        self.account.cpu_s = _cpu_s() - began_cpu

    async def _send_from(self, opened: Connection) -> None:
        connection = opened
        for body in self._bodies:
            turn, self._started = self._started, self._started + 1
            if self._spec.per_second:
                await asyncio.sleep(max(self._began + turn / self._spec.per_second - time.monotonic(), 0))
            connection = connection if connection.is_open else await Connection.to(self._spec.port)
            await self._send(connection, body)

    async def _send(self, connection: Connection, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {await self._token()}"}
        data = request("POST", self._spec.path, headers, body)
        at, began = time.time(), time.perf_counter()
        while (answer := await connection.ask(data)).status in LATER:
            self.account.busy += 1
            await asyncio.sleep(PAUSE_S)
        assert answer.status == ACCEPTED, answer.first_line
        self.account.took_s.append(time.perf_counter() - began)
        self.account.sent_at[json.loads(answer.body)["referral_id"]] = at


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def sent(spec: Spec) -> Account:
    """Send what the specification says."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        token = ServiceToken.from_file(Path(spec.credentials_file), spec.issuer_url, http, audience_of("intake"))
        load = Load(spec, token)
        await load.run()
    return load.account


def main() -> None:
    """Run, and write the account down."""
    given = json.loads(Path(sys.argv[1]).read_bytes())
    spec = Spec(**{**given, "dataset": Dataset(**given["dataset"])})
    Path(spec.account_file).write_text(json.dumps(asdict(uvloop.run(sent(spec)))))


if __name__ == "__main__":
    main()
