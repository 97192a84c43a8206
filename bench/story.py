"""What floor and peers play: which service publishes what on consuming what, as the product's happy path has it.

A reaction is a tuple of rounds, each a save of its own that may publish facts: a call is written down before it is
made, and its answer is folded when it has come. Only the shape is the product's; nothing is decided here.
"""

import os
from collections.abc import Mapping
from typing import Final

PARTITIONS: Final = 12
LISTENS_TO: Final = "LISTENS_TO"
"""The variable that names a service's publishers, out of its blueprint.

A peer's process does not load the blueprint: the product's code would count as memory of the peer.
"""
ORDER: Final = "order"
TOLD: Final = "delivered"
SEAL: Final = "e" * 600
SEALS: Final = [SEAL] * 4
"""What travels with the first fact and rests in every document, as sealed patient data does."""

Rounds = tuple[tuple[str, ...], ...]
REACTIONS: Final[Mapping[str, Mapping[str, Rounds]]] = {
    "intake": {ORDER: (("received", "complete"),)},
    "authorization": {
        "complete": ((), (), ("coverage_verified",)),
        "chosen": ((), (), ("submitted", "approved", "step")),
    },
    "scheduling": {
        "complete": (("chosen", "accepted"),),
        "approved": ((), (), (), (), ("booked",), (), ()),
    },
    "notifications": {"booked": ((), (), ("sent",), (TOLD,))},
    "tracking": {},
}
"""Authorization or scheduling publishes the step in every second referral; here it is authorization, in every one."""


def consumes() -> list[str]:
    """The publishers whose topics this process reads."""
    return os.environ[LISTENS_TO].split(",")


def at_once(rounds: Rounds) -> Rounds:
    """The same facts in the write that consumes their cause: no call is written down."""
    return (tuple(fact for published in rounds for fact in published),)


def facts_of_one() -> dict[str, int]:
    """How many facts each service publishes per referral."""
    return {
        service: sum(len(published) for rounds in reactions.values() for published in rounds)
        for service, reactions in REACTIONS.items()
    }
