"""Two replicas of each service on one disk and one broker, and how callers reach one that answers."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from shared.effects.protocol import LEASE
from shared.errors import Busy, Unavailable, Unknown
from shared.ports import Stored
from shared.service import Service
from tests.simulation.replica import Replica, Wired
from tests.simulation.storm import Storm
from tests.support.memory import Broker, Disk

REPLICAS = 2
ANSWERED_WITHIN_S = 20.0
ONE_WRONG_MACHINE = 0.3
WRONG_BY_S = 40.0


class Cluster:
    """The services of one run. `complaints` are what must never happen, in words.

    `under_way` counts what the outside has begun and not finished.
    """

    def __init__(self, storm: Storm, services: Mapping[str, Wired], partitions: int = 2) -> None:
        self.storm, self.disk = storm, Disk()
        self.broker = Broker(self.disk, partitions)
        self.clock_error_s = 0.0
        self.complaints: list[str] = []
        self.counts: Counter[str] = Counter()
        self.under_way = 0
        self.replicas = {
            name: [self._replica(name, n, wired) for n in range(REPLICAS)] for name, wired in services.items()
        }

    def _replica(self, name: str, n: int, wired: Wired) -> Replica:
        return Replica(
            f"{name}-{n}", wired, self.storm, self.broker, lambda: self.clock_error_s, self._count, self.complain
        )

    @property
    def everybody(self) -> list[Replica]:
        """All replicas."""
        return [replica for replicas in self.replicas.values() for replica in replicas]

    def start(self) -> None:
        """Start every service."""
        for replica in self.everybody:
            replica.start()

    def end(self) -> None:
        """Everything stops."""
        for replica in self.everybody:
            replica.end()

    def complain(self, what: str) -> None:
        """Something happened that must never happen."""
        self.complaints.append(f"{self.storm.loop.time():7.2f} s  {what}")

    def _count(self, name: str, n: int, /, **_labels: str) -> None:
        self.counts[name] += n

    async def ask(self, service: str, request: Callable[[Service], Awaitable[Any]], tries: int | None = None) -> Any:
        """Have a request answered by any replica, again and again until one does. Raises the refusal.

        Raises Unknown when that many tries were not answered.
        """
        for _ in itertools.count() if tries is None else range(tries):
            replica = self.storm.random.choice(self.replicas[service])
            if (task := replica.serve(request)) is not None:
                await asyncio.wait([task], timeout=ANSWERED_WITHIN_S)
                if task.done() and not task.cancelled():
                    try:
                        return task.result()
                    except (Busy, Unavailable, Unknown):
                        pass
            await asyncio.sleep(self.storm.random.uniform(0.05, 1.0))
        raise Unknown("The caller gave up.")

    def heal(self) -> None:
        """The storm is over. One machine's clock may stay wrong: others must do its work."""
        self.storm.is_stormy = False
        self.disk.is_database_down = self.disk.is_broker_down = False
        self.clock_error_s = 0.0
        for collection, key in [*self.disk.spoiled, *sorted(self.disk.full)]:
            self.disk.mend(collection, key)
        for replica in self.everybody:
            replica.skew_s = 0.0
            replica.thaw()
        if self.storm.random.random() < ONE_WRONG_MACHINE:
            self.storm.random.choice(self.everybody).skew_s = WRONG_BY_S

    def documents(self) -> dict[str, list[Stored]]:
        """Every document, by collection."""
        return {name: self.disk.documents(name) for name in sorted(self.disk.collections)}

    def live_calls(self) -> list[Stored]:
        """Calls that are written down and not settled."""
        documents = (stored for index in self.disk.indexed.values() for stored in index.values())
        return [record["call"] for stored in documents for record in stored["calls"] if record["call"]]

    def is_calling(self) -> bool:
        """Whether a call is written down or about to be, at an instant that is fixed: time must not move meanwhile.

        A lease is longer than usual while its service has calls in hand.
        """
        services = [replica.service for replica in self.everybody if replica.service]
        effects = [aggregate.effects for service in services for aggregate in service.aggregates.values()]
        return bool(self.live_calls()) or any(each.lease() > LEASE for each in effects)

    def parked(self) -> list[str]:
        """Ids of documents in which something waits for an operator."""
        return [k for index in self.disk.indexed.values() for k, stored in index.items() if stored.get("is_parked")]

    def unrest(self) -> str | None:
        """What the engines still have to do now, in words; None when they are at rest until the next wake."""
        for collection, index in self.disk.indexed.items():
            for key, stored in index.items():
                if "unpublished_at" in stored:
                    return f"{collection} {key} has an outbox"
                if "wake_at" in stored and stored["wake_at"] <= self.disk.now():
                    return f"{collection} {key} was due at {stored['wake_at']}"
        return self._unread()

    def _unread(self) -> str | None:
        for replica in self.everybody:
            for subscription in replica.life.subscriptions if replica.life else ():
                for (topic, partition), log in self.disk.topics.items():
                    committed = self.disk.committed.get((subscription.group, topic, partition), 0)
                    if topic in subscription.topics and committed < len(log):
                        return f"{subscription.group} has not read {topic}:{partition}:{committed}"
        return None

    def next_wake(self) -> datetime | None:
        """The earliest instant at which some document wants to be woken."""
        stored = [stored for index in self.disk.indexed.values() for stored in index.values()]
        return min((each["wake_at"] for each in stored if "wake_at" in each), default=None)
