"""One run of the relays: a storm in which people command, then the calm in which everything must come right."""

import asyncio
from dataclasses import dataclass, field

from shared.contracts.envelope import topic_of
from shared.engine.effects import Callback
from shared.ports import Answer
from shared.service import Service
from tests.simulation.calm import settle
from tests.simulation.cluster import Cluster
from tests.simulation.operator import Operator
from tests.simulation.poison import Poison
from tests.simulation.relay import rules
from tests.simulation.relay.outside import Outside
from tests.simulation.relay.plan import CALLS, CONSUMES, Release, wired
from tests.simulation.relay.story import Book, Person, refused
from tests.simulation.replica import Wired
from tests.simulation.requests import Wire
from tests.simulation.scheduler import SeededLoop
from tests.simulation.storm import Storm
from tests.simulation.troubles import befall

KEYS = ("demo-a", "demo-b", "demo-c")
ACTIONS = {"intake": 5, "scheduling": 8}
POISONED, SPOILED, UNREADABLE, LITTERED, HOPELESS = 0.4, 0.06, 0.1, 0.3, 0.3
STUBBORN, DESPAIRS = 0.25, 0.1
LASTS_S = (5.0, 10.0, 60.0)
"""How much longer the storm may last than what people do."""
JUMPS = 300


async def play(loop: SeededLoop) -> tuple[Cluster, list[str]]:
    """Play one seed; return the cluster as it stands in the end, and what is wrong."""
    run = Run(loop)
    await run.storm()
    await run.calm()
    wrong = run.cluster.complaints + rules.wrong(run.cluster, run.outside, run.book, run.poison, run.release.was)
    await run.end()
    return run.cluster, wrong


@dataclass
class Run:
    """Everything that takes part in one run."""

    loop: SeededLoop
    release: Release = field(default_factory=Release)
    calls_back: list[asyncio.Task[None]] = field(default_factory=list)
    at_work: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put it together."""
        storm, random = Storm(self.loop), self.loop.random
        self.cluster = Cluster(storm, {name: self._wired(name) for name in CONSUMES})
        self.outside = Outside(Wire(self.cluster), self._publish)
        self.poison = Poison(storm, self.cluster.broker, SPOILED if random.random() < POISONED else 0.0)
        self.cluster.broker.mangle = self.poison.mangle
        self.operator = Operator(self.cluster, DESPAIRS)
        self.book = Book(given_up=self.operator.given_up)
        stubborn = KEYS[:2] if random.random() < STUBBORN else ()
        self.people = [
            Person(self.cluster, self.book, service, key, actions, random.randrange(5), stubborn=key in stubborn)
            for key in KEYS[: random.randint(2, 3)]
            for service, actions in ACTIONS.items()
        ]
        if self.poison.odds:
            words = [f"{service}-{n}.0" for service, actions in ACTIONS.items() for n in range(actions)]
            self.release.cannot_take({word for word in words if random.random() < UNREADABLE})
        rules.watch(self.cluster)

    async def storm(self) -> None:
        """People command while everything fails."""
        self.cluster.start()
        self.at_work = [self.loop.create_task(work) for work in (self.operator.work(), self.operator.work())]
        troubles = self.loop.create_task(befall(self.cluster))
        await asyncio.gather(*(person.live() for person in self.people), refused(self.cluster, KEYS[0]))
        if self.poison.odds and self.loop.random.random() < LITTERED:
            self.poison.litter(topic_of("intake"), KEYS[0])
        await asyncio.sleep(self.loop.random.uniform(0, self.loop.random.choice(LASTS_S)))
        self.cluster.heal()
        await troubles

    async def calm(self) -> None:
        """Everything is mended, and the story is played to its end."""
        self.release.mend()
        self.poison.mend(HOPELESS)
        self.operator.hopeless |= self.poison.lost
        await settle(self.cluster, JUMPS, self._busy, lambda: None)

    async def end(self) -> None:
        """Stop it all. A fault of the simulation itself is raised."""
        for task in (*self.at_work, *self.calls_back):
            if task.done():
                task.result()
            task.cancel()
        self.cluster.end()
        await asyncio.gather(*self.at_work, *self.calls_back, return_exceptions=True)

    def _wired(self, name: str) -> Wired:
        return lambda life, hooks: wired(name, life, hooks, self.outside, self.release)

    def _publish(self, key: str, effect_id: str, answer: Answer) -> None:
        """A callback comes in, as the API of a service would take it."""

        async def take(service: Service) -> None:
            if error := await service.submit(Callback(key, effect_id, answer)):
                raise error

        self.calls_back.append(self.loop.create_task(self.cluster.ask(CALLS, take)))

    def _busy(self) -> str | None:
        if self.cluster.under_way or not all(call.done() for call in self.calls_back):
            return "something is under way outside"
        parked = self.cluster.parked()
        return f"{parked} are parked" if parked else None
