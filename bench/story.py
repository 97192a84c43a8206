"""What floor and peers play: which service tells what on hearing what, as the product's happy path has it.

A reaction is a tuple of rounds, each a save of its own that may tell facts: a call is written down before it is made,
and its answer is folded when it has come. Only the shape is the product's; nothing is decided here.
"""

from collections.abc import Mapping
from typing import Final

PARTITIONS: Final = 12
SERVICES: Final = ("intake", "authorization", "scheduling", "notifications", "tracking")
LISTENS: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("scheduling",),
    "authorization": ("intake", "scheduling"),
    "scheduling": ("intake", "authorization", "notifications"),
    "notifications": ("intake", "scheduling"),
    "tracking": ("intake", "authorization", "scheduling", "notifications"),
}
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
"""The step is told in every second referral by authorization or by scheduling; here in every one, by authorization."""


def at_once(rounds: Rounds) -> Rounds:
    """The same facts in the write that hears their cause: no call is written down."""
    return (tuple(fact for told in rounds for fact in told),)


def facts_of_one() -> dict[str, int]:
    """How many facts each service tells per referral."""
    return {
        service: sum(len(told) for rounds in reactions.values() for told in rounds)
        for service, reactions in REACTIONS.items()
    }
