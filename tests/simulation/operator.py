"""Operators resolve what is parked, as their API does it: several at once, repeating themselves, on old views."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from shared.engine import Document
from shared.engine.document import HELD
from shared.errors import Rejected, Unreadable
from shared.messaging import parked
from shared.messaging.parked import CloseUnsequenced, DiscardEntry, ReplayEntry
from shared.service import Service
from tests.simulation.cluster import Cluster
from tests.simulation.poison import Identity

Act = Callable[[Service], Awaitable[object]]


@dataclass
class Operator:
    """Looks at one service at a time. `hopeless` facts may be given up, and those alone once the storm is over.

    `given_up` names what may have been: by which service, and which fact. `despairs` is how likely one gives up in the
    storm what is not hopeless.
    """

    cluster: Cluster
    despairs: float = 0.0
    hopeless: set[Identity] = field(default_factory=set)
    given_up: set[tuple[str, Identity]] = field(default_factory=set)

    async def work(self) -> None:
        """Resolve what there is, for ever."""
        storm = self.cluster.storm
        while True:
            await asyncio.sleep(storm.random.expovariate(0.7 if storm.is_stormy else 3))
            for name in self.cluster.replicas if self.cluster.parked() else ():
                acts: list[Act] = await self.cluster.ask(name, self._acts)
                for act in storm.random.sample(acts, min(len(acts), 2)):
                    for _ in range(storm.random.choice([1, 1, 2])):
                        await self.cluster.ask(name, act)

    async def _acts(self, service: Service) -> list[Act]:
        """What could be done about what is parked in a service."""
        acts: list[Act] = []
        async for document in parked.parked_documents(service.engine):
            acts += self._entries(service.name, document) + self._letters(document)
        return acts

    def _entries(self, name: str, document: Document) -> list[Act]:
        acts: list[Act] = []
        for source, queue in document.waiting.items():
            for sequence, entry in queue.items():
                if entry.is_stuck:
                    acts += [
                        self._replay(document.id, source, sequence),
                        *self._discard(name, document.id, source, sequence),
                    ]
            if min(queue) > document.seen.get(source, 0) + 1:
                acts += self._forgo(name, document, source, min(queue))
        return acts

    def _may_give_up(self, *identities: Identity) -> bool:
        is_hopeless = all(identity in self.hopeless for identity in identities)
        return is_hopeless or (self.cluster.storm.is_stormy and self.cluster.storm.random.random() < self.despairs)

    def _replay(self, key: str, source: str, sequence: int) -> Act:
        return lambda service: service.submit(ReplayEntry(key, source, sequence, service.reader))

    def _discard(self, name: str, key: str, source: str, sequence: int) -> list[Act]:
        if not self._may_give_up((source, key, sequence)):
            return []
        self.given_up.add((name, (source, key, sequence)))
        return [lambda service: service.submit(DiscardEntry(key, source, sequence, service.reader))]

    def _forgo(self, name: str, document: Document, source: str, above: int) -> list[Act]:
        missing = [(source, document.id, n) for n in range(document.seen.get(source, 0) + 1, above)]
        if not self._may_give_up(*missing):
            return []

        async def forgo(service: Service) -> None:
            try:
                await parked.skip_gap(service.engine, service.reader, service.subscription, document.id, source)
            except Rejected:
                return

        self.given_up.update((name, identity) for identity in missing)
        return [forgo]

    def _letters(self, document: Document) -> list[Act]:
        acts: list[Act] = []
        is_held = document.id.startswith(HELD)  # and is given back by itself
        for origin, letter in document.unsequenced.items():
            if letter and not is_held:
                acts.append(self._replay_letter(document.id, origin))
                if not self.cluster.storm.is_stormy:
                    acts.append(lambda service, origin=origin: service.submit(CloseUnsequenced(document.id, origin)))  # type: ignore[misc] # binds
        return acts

    def _replay_letter(self, key: str, origin: str) -> Act:
        async def replay(service: Service) -> None:
            try:
                await parked.replay_unsequenced(service.engine, service.reader, key, origin)
            except Unreadable:
                return

        return replay
