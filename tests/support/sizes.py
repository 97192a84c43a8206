"""How much the long tests play. `THROUGHLINE_SIZES=night` plays in full; anything else is what CI has the time for.

A test takes its size from here and nowhere else, so that what a change costs CI is seen and set in one place. A size
that is smaller by day proves less by day: only what the night plays in full may be cut.
"""

import os
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Sizes:
    """Seeds of each simulation, histories, and of the chaos run referrals, faults and days after it."""

    service_seeds: int
    engine_seeds: int
    histories: int
    chaos_referrals: int
    chaos_faults: int
    chaos_days_after: int
    story: tuple[int, int]
    """Referrals and days of the story that is told twice, once with kills."""
    composed_story: tuple[int, int]
    """The same of the one that is told on containers."""
    interrupted_stacks: tuple[str, ...]
    """Kinds of stack whose owner is also interrupted: all are left by owners that are killed, which is harder."""
    are_containers_restarted: bool
    """Whether containers are also restarted in place. Taken down in good order, or killed, they always are."""
    timeout_s: int
    """What the longest of these tests may take; 0 is without end."""


_BY_DAY: Final = Sizes(350, 300, 200, 150, 18, 8, (12, 9), (12, 9), ("embedded",), False, 900)
_BY_NIGHT: Final = Sizes(
    10_000, 3_000, 20_000, 1_000, 60, 12, (20, 14), (20, 20), ("docker", "maven", "embedded"), True, 0
)
SIZES: Final = _BY_NIGHT if os.environ.get("THROUGHLINE_SIZES") == "night" else _BY_DAY
