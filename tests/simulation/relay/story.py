"""What people do with the relays, and what they were promised: each answered request is written into the book."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.contracts.language import Command
from shared.engine import CommandEnvelope
from shared.errors import Rejected, Unknown
from shared.service import Service
from tests.simulation.cluster import Cluster
from tests.simulation.relay.domain import Arm, Disarm, Drop, Say, Want
from tests.simulation.relay.outside import TRAITS
from tests.simulation.relay.plan import CALLS
from tests.support.tally import SOMEBODY

ACTS = ("say", "say", "say", "arm", "arm", "move", "disarm")
CALLING = ("want", "want", "want", "want", "want", "drop", "drop")
KINDS = list(TRAITS)
GIVES_UP = 0.05
SOON_S = 25.0


@dataclass
class Book:
    """What was answered (`said`: each word must be there once), and what was asked but never answered (`perhaps`)."""

    said: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    perhaps: set[str] = field(default_factory=set)
    given_up: set[tuple[str, tuple[str, str, int]]] = field(default_factory=set)


@dataclass
class Person:
    """Commands one aggregate of one service, one thing after the other."""

    cluster: Cluster
    book: Book
    service: str
    key: str
    actions: int
    favourite: int = 0
    stubborn: bool = False
    timers: list[str] = field(default_factory=list)

    async def live(self) -> None:
        """Do one thing after the other."""
        self.book.said[self.service, self.key] = []
        for n in range(self.actions):
            await asyncio.sleep(self.cluster.storm.random.expovariate(1.0))
            await self._act(n)

    async def _act(self, n: int) -> None:
        random = self.cluster.storm.random
        kind = random.choice(ACTS + CALLING if self.service == CALLS else ACTS)
        if kind == "say":
            await self._say(n)
        elif kind in ("want", "drop"):
            await self._ask(n, Want if kind == "want" else Drop, kind=random.choice(self._favourites()))
        else:
            await self._time(n, kind)

    def _favourites(self) -> tuple[str, str]:
        """Two kinds of calls each, so that their revisions meet."""
        first = KINDS.index("results") if self.key.endswith("a") else self.favourite
        return KINDS[first], KINDS[(first + 2) % len(KINDS)]

    async def _say(self, n: int) -> None:
        words = tuple(f"{self.service}-{n}.{i}" for i in range(self.cluster.storm.random.choice([1, 1, 2, 4])))
        gives_up = self.cluster.storm.random.random() < GIVES_UP
        try:
            await self._ask(n, Say, tries=1 if gives_up else None, referral_id=self.key, words=words)
        except Unknown:
            self.book.perhaps.update(words)
        else:
            self.book.said[self.service, self.key] += words

    async def _time(self, n: int, kind: str) -> None:
        random = self.cluster.storm.random
        in_s = random.choice([random.uniform(0.5, SOON_S), 10.0])
        if kind == "arm":
            self.timers.append(f"{self.service}-{n}")
            await self._arm(n, self.timers[-1], in_s)
        elif self.timers and kind == "move":
            await self._arm(n, random.choice(self.timers), in_s, moves=True)
        elif self.timers:
            await self._ask(n, Disarm, name=random.choice(self.timers))

    async def _arm(self, n: int, name: str, in_s: float, *, moves: bool = False) -> None:
        due_at = self.cluster.disk.now() + timedelta(seconds=in_s)
        until = due_at + timedelta(seconds=200) if self.stubborn else None
        await self._ask(n, Arm, referral_id=self.key, name=name, due_at=due_at, moves=moves, stubborn_until=until)

    async def _ask(self, n: int, command: type[Command], tries: int | None = None, **fields: Any) -> None:
        id_ = f"{self.service}/{self.key}/{n}"

        async def request(service: Service) -> None:
            said = command(at=service.now(), by=SOMEBODY, channel="api", **fields)
            await service.execute(CommandEnvelope(key=self.key, id=id_, command=said, fingerprint=id_))

        await self.cluster.ask(self.service, request, tries)


async def refused(cluster: Cluster, key: str) -> None:
    """A refusal is an answer: it changes nothing, and comes however bad the weather is."""

    async def request(service: Service) -> None:
        said = Say(at=service.now(), by=SOMEBODY, channel="api", referral_id=key, words=())
        await service.execute(CommandEnvelope(key=key, id=f"refused/{key}", command=said))

    try:
        await cluster.ask("intake", request)
    except Rejected:
        return
    cluster.complain("a request that must be refused was not")
