"""What the outside will do at an instant of the business clock: decisions, answers, visits, reports."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush

from tests.simulation.cluster import Cluster

LOOK_S = 0.3


@dataclass
class Agenda:
    """Entries by instant; what is due happens soon after."""

    cluster: Cluster
    _entries: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0

    def at(self, instant: datetime, happens: Callable[[], None]) -> None:
        """Something will happen at an instant."""
        self._count += 1
        heappush(self._entries, (instant, self._count, happens))

    def next_due(self) -> datetime | None:
        """The earliest entry."""
        return self._entries[0][0] if self._entries else None

    async def play(self) -> None:
        """Let happen what is due, for ever."""
        while True:
            while self._entries and self._entries[0][0] <= self.cluster.disk.now():
                heappop(self._entries)[2]()
            await asyncio.sleep(LOOK_S)
