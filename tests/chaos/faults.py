"""Which faults strike when: a schedule drawn from a seed. Pure, so that the same seed is the same schedule."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Literal

from deploy.platform import registry
from tests.chaos.installation import BROKER, DATABASE, REPLICAS, SERVICE_REPLICAS, replica

Kind = Literal["kill", "freeze", "freeze past session", "roll", "spoil", "fill"]
GAP_S = (2.0, 6.0)
"""Between one fault and the next; what takes longer to heal meets the next."""


@dataclass(frozen=True)
class Fault:
    """From `at_s` seconds into the run, these parts are down or frozen for `for_s` seconds; a roll takes its time.

    Of a service that is spoiled, one document is as no program can read it for so long; of one that is filled, so large
    that it cannot be saved.
    """

    number: int
    at_s: float
    kind: Kind
    targets: tuple[str, ...]
    for_s: float

    def __str__(self) -> str:
        """As it is logged."""
        return f"{self.kind} {'+'.join(self.targets)}"


@dataclass(frozen=True)
class _Card:
    """One of the faults that a deck holds: a kind, whom it may strike, and for how long."""

    kind: Kind
    targets: tuple[tuple[str, ...], ...]
    for_s: tuple[float, float]


_REPLICAS = tuple((name,) for name in SERVICE_REPLICAS)
_DOORS = tuple((replica("intake", number),) for number in REPLICAS)
"""What clients speak to: frozen for longer than they wait, it leaves them not knowing what became of a call."""
_ROLLED = tuple(tuple(replica(service, number) for number in REPLICAS) for service in registry.names())
_SERVICES = tuple((service,) for service in registry.names())
DECK = (
    _Card("kill", _REPLICAS, (0.0, 3.0)),
    _Card("kill", _REPLICAS, (0.0, 3.0)),
    _Card("kill", _REPLICAS, (3.0, 12.0)),
    _Card("freeze", _REPLICAS, (1.0, 7.0)),
    _Card("freeze past session", _REPLICAS, (12.0, 18.0)),
    _Card("freeze past session", _REPLICAS, (12.0, 18.0)),
    _Card("freeze past session", _DOORS, (12.0, 18.0)),
    _Card("kill", ((BROKER,),), (0.0, 3.0)),
    _Card("freeze", ((BROKER,),), (2.0, 8.0)),
    _Card("freeze past session", ((BROKER,),), (11.0, 14.0)),
    _Card("kill", ((DATABASE,),), (0.0, 3.0)),
    _Card("freeze", ((DATABASE,),), (2.0, 8.0)),
    _Card("roll", _ROLLED, (0.0, 0.0)),
    _Card("kill", (("simulators",), ("issuer",)), (0.0, 3.0)),
    _Card("freeze", (("simulators",), ("issuer",)), (2.0, 12.0)),
    _Card("spoil", _SERVICES, (2.0, 20.0)),
    _Card("fill", _SERVICES, (2.0, 20.0)),
    _Card("spoil", _SERVICES, (2.0, 20.0)),
)
"""Dealt out whole before it is shuffled again: a run of a deck's length meets every kind."""


def schedule(seed: int, count: int) -> list[Fault]:
    """So many faults in the order of time."""
    chance = Random(seed)
    at_s, faults = 0.0, []
    for number, card in enumerate(islice(_dealt(chance), count), 1):
        at_s += chance.uniform(*GAP_S)
        faults.append(Fault(number, at_s, card.kind, chance.choice(card.targets), chance.uniform(*card.for_s)))
    return faults


def _dealt(chance: Random) -> Iterator[_Card]:
    while True:
        yield from chance.sample(DECK, len(DECK))
