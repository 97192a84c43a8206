"""Two programs, ours and the next, rolled forward, back and forward again under load: nothing is lost, nothing parked.

The next has one more field in the state, under a higher `schema`, and knows a fact in a newer version.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import pytest

from shared.contracts.intake import ReferralFoundComplete
from shared.engine import CommandEnvelope, Decider, Engine
from shared.engine.document import HELD
from shared.errors import Busy, Unavailable, Unknown
from shared.messaging.consumer import Consumer
from shared.messaging.held import Returns
from shared.messaging.inbox import Reader
from shared.messaging.outbox import Publisher
from shared.ports import Record, Stored
from tests.support.memory import EPOCH, MemoryBus, MemorySubscription
from tests.support.tally import SOMEBODY, TALLY, Add, Changed, Tally, on_complete, record
from tests.unit.engine.conftest import Bench

TOPIC = "referral.public.intake.v1"
NEWER = f"{ReferralFoundComplete.TYPE}.v2"
KEYS = [f"demo-{letter * 26}" for letter in "abcdefghij"]
FACTS, ACT_S = 6, 0.004


@dataclass(frozen=True)
class Grown(Tally):
    """The state of the next program: it counts what it decided itself."""

    decided: int = 0


def _decide(command: Any, state: Any) -> Any:
    facts = list(TALLY.decide(command, state))
    return [*facts, Changed(replace(state, count=state.count + len(facts), decided=state.decided + 1))] if isinstance(
        command, Add
    ) else facts  # fmt: skip


NEXT = replace(
    TALLY,
    initial=Grown(),
    state_type=Grown,
    decide=_decide,
    schema=TALLY.schema + 1,
    upcasters={TALLY.schema: lambda stored: {"decided": 0, **stored}},
)


class NextReader(Reader):
    """What the next program makes of facts: it knows the new version, too."""

    def __init__(self, bench: Bench) -> None:
        super().__init__("tally", {ReferralFoundComplete: on_complete}, bench.count)
        [known] = self._reactions.values()
        self._reactions[NEWER] = known


@dataclass
class Replica:
    """One replica of either program."""

    bench: Bench
    decider: Decider
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        """Open its doors."""
        self.engine: Engine = self.bench.replica()
        self.engine.decider = self.decider
        reader = self.bench.reader if self.decider is TALLY else NextReader(self.bench)
        subscription = MemorySubscription(self.bench.broker, "tally", [TOPIC], self.bench.weather, wait_s=0.02)
        publisher = Publisher(MemoryBus(self.bench.broker, self.bench.weather), self.bench.clock)
        self.consumer = Consumer(self.engine, reader, subscription, publisher, self.bench.clock)
        self.subscription = subscription
        returns = Returns(self.engine, reader, self.bench.clock, lambda: 0.0, self.bench.faults.append)
        self.tasks = [asyncio.ensure_future(work) for work in (self.consumer.run(), returns.run())]

    async def stop(self) -> None:
        """In good order."""
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.consumer.stop()
        await self.subscription.stop()


class Fleet:
    """Two replicas, and people who command through whichever answers."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.replicas = bench, list[Replica]()
        self.answered = Counter[str]()
        self.by_next = Counter[str]()
        self.turn = 0

    async def roll(self, *deciders: Decider) -> None:
        """Replace one replica after the other."""
        for place, decider in enumerate(deciders):
            if place < len(self.replicas):
                await self.replicas[place].stop()
                self.replicas.pop(place)
            replica = Replica(self.bench, decider)
            replica.start()
            self.replicas.insert(place, replica)
            await asyncio.sleep(0.05)

    async def ask(self, key: str, id_: str, tries: int = 400) -> bool:
        """One more, until somebody takes it; whether somebody did."""
        command = Add(at=EPOCH, by=SOMEBODY, channel="api", referral_id=key)
        for _ in range(tries):
            self.turn += 1
            replica = self.replicas[self.turn % len(self.replicas)]
            with suppress(Unavailable, Unknown, Busy):
                outcome = await replica.engine.do(CommandEnvelope(key=key, id=id_, command=command))
                self.answered[key] += 1
                self.by_next[key] += replica.decider is NEXT and not outcome.is_repeat
                return True
            await asyncio.sleep(ACT_S)
        return False


def facts() -> Iterator[tuple[str, Record]]:
    """What intake tells of each referral; every third fact in the version that only the next program knows."""
    for sequence in range(1, FACTS + 1):
        for key in KEYS:
            type_ = NEWER if sequence % 3 == 0 else f"{ReferralFoundComplete.TYPE}.v1"
            told = record(sequence, EPOCH, key, type_=type_)
            yield key, Record(told.key, told.headers, told.value)


class Load:
    """Facts and commands, a round at a time."""

    def __init__(self, bench: Bench, fleet: Fleet) -> None:
        self._bench, self._fleet, self._told = bench, fleet, facts()
        self._rounds = 0

    async def play(self, rounds: int, *, tries: int = 400) -> None:
        """Of each referral one fact and one command. With few tries some may stay unanswered."""
        for _ in range(rounds):
            self._rounds += 1
            for key, fact in islice(self._told, len(KEYS)):
                self._bench.broker.append(TOPIC, self._bench.broker.partition_of(key), [fact])
            asked = [self._fleet.ask(key, f"{key}/{self._rounds}", tries) for key in KEYS]
            assert all(await asyncio.gather(*asked)) or tries < 400


def documents(bench: Bench) -> dict[str, Stored]:
    """What is in the store, but for what was held."""
    return {d["_id"]: d for d in bench.disk.documents("tallies") if not d["_id"].startswith(HELD)}


async def until_all_is_heard(bench: Bench) -> None:
    """All facts of all referrals are taken in."""
    async with asyncio.timeout(30):
        while [d["seen"].get("intake") for d in documents(bench).values()] != [FACTS] * len(KEYS):
            await asyncio.sleep(0.02)


async def test_rolls_forward_and_back_under_load(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields of the next program stay, all that was answered is there, each fact is heard once and in order."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))

    monkeypatch.setattr(bench.clock, "sleep", sleep)
    fleet = Fleet(bench)
    load = Load(bench, fleet)
    await fleet.roll(TALLY, TALLY)
    await load.play(1)
    await asyncio.gather(fleet.roll(NEXT, NEXT), load.play(2))
    await load.play(1)
    await asyncio.gather(fleet.roll(TALLY, TALLY), load.play(1, tries=3))
    schemas = {stored["schema"] for stored in documents(bench).values()}
    await asyncio.gather(fleet.roll(NEXT, NEXT), load.play(2))
    await until_all_is_heard(bench)
    for replica in fleet.replicas:
        await replica.stop()

    assert ({NEXT.schema}, []) == (schemas, bench.faults)
    for key, stored in documents(bench).items():
        state = stored["state"]
        assert (fleet.answered[key], fleet.by_next[key], True) == (
            state["count"],
            state["decided"],
            state["decided"] > 0,
        )
        assert [f"intake{n}" for n in range(1, FACTS + 1)] == list(state["heard"])
        assert not stored.get("is_parked")
