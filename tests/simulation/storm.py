"""What goes wrong, how often, and how often it did. A fault that never struck proves nothing, so it is counted."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.simulation.scheduler import SeededLoop

ODDS = {
    "crash": 0.0015,
    "freeze": 0.0015,
    "read refused": 0.004,
    "save lost": 0.008,
    "save unseen": 0.012,
    "save late": 0.008,
    "save torn": 0.006,
    "append unseen": 0.01,
    "send lost": 0.03,
    "send unseen": 0.03,
    "send late": 0.04,
    "stall": 0.05,
    "request refused": 0.05,
    "request lost": 0.05,
    "request slow": 0.12,
    "answer lost": 0.12,
    "answer garbled": 0.04,
    "callback lost": 0.1,
    "callback late": 0.3,
    "callback repeated": 0.2,
}
"""The chance of each fault, whenever it could strike."""

ZOMBIE = "put out while it stood still"
"""It goes on with what it has in hand, and knows nothing of it."""
LANDS_WITHIN_S = 6.0
"""What is late lands within this."""


class Meant(Exception):
    """A fault that a domain of the simulation has on purpose: it is told of, and nobody is to mind."""


class Storm:
    """The faults of one run. `is_stormy` ends before the calm in which everything must come right."""

    def __init__(self, loop: SeededLoop) -> None:
        self.loop, self.random = loop, loop.random
        self.is_stormy = True
        self.struck: Counter[str] = Counter()
        self.history: list[str] = []

    def strikes(self, fault: str, who: str = "") -> bool:
        """Whether it happens now."""
        if not self.is_stormy or self.random.random() >= ODDS[fault]:
            return False
        self.note(fault, who)
        return True

    def note(self, fault: str, who: str = "") -> None:
        """It happened."""
        self.struck[fault] += 1
        self.history.append(f"{self.loop.time():7.2f} s  {fault} {who}".rstrip())

    def later(self, land: Callable[[], Any]) -> None:
        """It lands after its sender gave up."""
        self.loop.call_later(self.random.uniform(0.02, LANDS_WITHIN_S), land)

    def portion(self, limit: int) -> int:
        """How much comes or goes at once: everything, or a few."""
        return self.random.randint(1, min(limit, 4)) if self.is_stormy and self.random.random() < 0.7 else limit
