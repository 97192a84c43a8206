"""The five services roll forward to the next program, back, and forward again under load: nothing is lost or doubled.

Time is virtual, and no fault strikes: what is looked at is two programs on the same documents and topics. The rules are
those of the storms, read with the deciders of the next program.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from structlog.testing import capture_logs

from shared.service import Blueprint
from tests.simulation.determinism import by_the_seed
from tests.simulation.poison import identity_of
from tests.simulation.replica import Replica
from tests.simulation.scheduler import SeededLoop, run
from tests.simulation.services.direct_requests import blueprints
from tests.simulation.services.next_program import ADDED, CHANGES, NEWER, next_blueprints
from tests.simulation.services.orders import some_orders
from tests.simulation.services.play import Run
from tests.simulation.services.rules.known import COLLECTIONS

SEED = 6
PHASES, EACH, LASTS_S = 3, 10, 20.0
MOVES = 4000
LOOK_S = 0.1
Plans = Mapping[str, Blueprint]
Referral = tuple[str, str]
"""A service, and the referral of which it tells."""


@dataclass(frozen=True)
class Seen:
    """What is seen of a fleet at one moment, of each referral what the added field says, and what waits."""

    added: Mapping[Referral, int]
    parked: int
    outdated: int


class Fleet:
    """Two replicas of each service, and the load on them."""

    def __init__(self, loop: SeededLoop) -> None:
        self.programs: dict[str, Plans] = {}
        self.run = Run(loop, next_blueprints(), self._program)
        self.run.cluster.storm.is_stormy = False
        self.run.poison.odds = 0.0
        self.placed = 0

    def _program(self, life: str) -> Blueprint:
        """What a replica runs, by the name of its life."""
        place = life.rpartition(".")[0]
        return self.programs.get(place, blueprints())[place.rpartition("-")[0]]

    async def roll(self, plans: Plans, *numbers: int) -> None:
        """Replace these replicas of each service, one after the other."""
        for number in numbers:
            replicas = [each[number] for each in self.run.cluster.replicas.values()]
            self.programs |= dict.fromkeys((replica.name for replica in replicas), plans)
            await asyncio.gather(*(replica.restart() for replica in replicas))
            while not all(map(_is_open, replicas)):
                await asyncio.sleep(LOOK_S)

    async def load(self) -> None:
        """Some more referrals, while time flies for what is there."""
        random = self.run.loop.random
        came = some_orders(random, self.run.cluster.disk.now(), self.placed, EACH)
        self.placed += EACH
        placed = [self.run.place(random.uniform(0, LASTS_S), order, is_rush=False) for order in came]
        await asyncio.gather(asyncio.sleep(LASTS_S), *placed)

    def look(self) -> Seen:
        """Look at it."""
        cluster = self.run.cluster
        added = {
            (service, stored["_id"]): stored["state"][ADDED]
            for service in CHANGES
            for stored in cluster.disk.documents(COLLECTIONS[service])
            if (stored["state"] or {}).get(ADDED)
        }
        return Seen(added, len(cluster.parked()), cluster.counts["outdated"])

    def told_anew(self) -> Mapping[Referral, int]:
        """How often something was told in a version that only the next program knows. Others may have put it aside."""
        found = defaultdict[Referral, set[int]](set)
        for (topic, _), log in self.run.cluster.disk.topics.items():
            for record in () if topic.endswith(".dlq") else log:
                if dict(record.headers)["ce_type"].decode() in NEWER and (identity := identity_of(record)):
                    found[identity[:2]].add(identity[2])
                    self.run.poison.spoiled[identity] = topic, record, "its version is unknown"
        return {referral: len(sequences) for referral, sequences in found.items()}


def _is_open(replica: Replica) -> bool:
    return replica.service is not None and replica.service.is_started


@dataclass(frozen=True)
class Outcome:
    """What was seen of the two programs side by side, of the older alone after them, and of the next in the end."""

    mixed: Seen
    back: Seen
    end: Seen
    told_anew: Mapping[Referral, int]
    accepted: int
    wrong: list[str]


async def rolled(loop: SeededLoop) -> Outcome:
    """Roll one replica of each service forward, back, and both forward, under load all the time."""
    fleet = Fleet(loop)
    fleet.run.start()
    await fleet.load()
    await fleet.roll(next_blueprints(), 1)
    await fleet.load()
    mixed = fleet.look()
    await fleet.roll(blueprints(), 1)
    await fleet.load()
    back = fleet.look()
    await fleet.roll(next_blueprints(), 1, 0)
    await fleet.run.settle(MOVES)
    told_anew = fleet.told_anew()
    outcome = Outcome(mixed, back, fleet.look(), told_anew, len(fleet.run.accepted), fleet.run.wrong())
    await fleet.run.end()
    return outcome


def test_rolls_forward_and_back_under_load() -> None:
    """All referrals come to what is right, nothing is effective twice, no field is lost, and nothing stays parked.

    The load is a real one: the older program met documents and facts that are too new for it.
    """
    with capture_logs(), by_the_seed():
        outcome: Outcome = run(SEED, rolled)

    assert [] == outcome.wrong
    assert PHASES * EACH <= outcome.accepted  # an order that replaces another is one more
    assert (outcome.told_anew, 0) == (outcome.end.added, outcome.end.parked)
    assert {service for service, _ in outcome.mixed.added} == CHANGES.keys()
    assert outcome.mixed.added == outcome.back.added
    assert outcome.mixed.parked > 0
    assert outcome.mixed.outdated < outcome.back.outdated
