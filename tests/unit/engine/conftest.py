"""An engine of tallies on a world in memory."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.contracts.intake import ReferralFoundComplete
from shared.engine import CommandEnvelope, Document, Engine
from shared.engine.commands import CommandOutcome
from shared.messaging.inbox import Delivery, Reader
from shared.ports import Received
from tests.support.memory import Broker, Disk, MemoryClock, MemoryStore, Weather
from tests.support.outbound import Uncalled
from tests.support.tally import REFERRAL, SOMEBODY, TALLY, Add, on_complete


@dataclass
class Bench:
    """What a test of the engine holds in its hands."""

    disk: Disk = field(default_factory=Disk)
    weather: Weather = field(default_factory=Weather)
    counts: Counter[str] = field(default_factory=Counter)
    saved: list[Document] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Wire it."""
        self.broker = Broker(self.disk)
        self.clock = MemoryClock(self.disk, self.weather)
        self.store = MemoryStore(self.disk, "tallies", self.weather)
        self.tokens = itertools.count()
        self.engine = self.replica()
        self.reader = Reader("tally", {ReferralFoundComplete: on_complete}, self.count)

    def replica(self) -> Engine:
        """Another replica on the same disk."""
        return Engine(
            TALLY,
            self.store,
            self.clock,
            self.broker.partition_of,
            lambda: str(next(self.tokens)),
            self.saved.append,
            Uncalled(),
            service="scheduling",
            count=self.count,
        )

    def count(self, name: str, n: int, /, **_labels: str) -> None:
        """Count."""
        self.counts[name] += n

    async def add(self, id_: str = "c1", times: int = 1, **more: Any) -> CommandOutcome:
        """Ask for one more."""
        said: dict[str, Any] = {"at": self.clock.now(), "by": SOMEBODY, "channel": "api"}
        command = Add(**said, referral_id=REFERRAL, times=times)
        [outcome] = await self.engine.handle([CommandEnvelope(key=REFERRAL, id=id_, command=command, **more)])
        found: CommandOutcome = outcome
        return found

    async def hear(self, *records: Received) -> list[bool]:
        """Deliver records, each in a batch of its own. Whether each was new."""
        return [await self._taken(record) for record in records]

    async def _taken(self, record: Received) -> bool:
        [is_new] = await self.engine.handle([Delivery(self.reader, record)])
        return bool(is_new)

    async def tally(self, key: str = REFERRAL) -> Document:
        """The document as it is saved."""
        document = await self.engine.read(key)
        assert document is not None
        return document


@pytest.fixture
def bench() -> Bench:
    """A fresh bench."""
    return Bench()
