"""What is costly to count is counted once for all who ask meanwhile, and shown again for a while.

How long follows from what it cost: however many people look, and however much there is, the database spends a tenth
of its time on it at most. What costs little is counted anew each time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

Counted = TypeVar("Counted")

CHEAP_S: Final = 0.25
TIMES: Final = 10
LONGEST_S: Final = 60.0


class Reuse(Generic[Counted]):
    """The last count by key, of which there are few; `monotonic` tells technical time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: dict[str, tuple[Counted, float]] = {}
        self._under_way: dict[str, asyncio.Future[Counted]] = {}

    async def of(self, key: str, count: Callable[[], Awaitable[Counted]]) -> Counted:
        """What was counted, now or a little earlier. Raises what counting raises."""
        if key in self._kept and self._monotonic() < self._kept[key][1]:
            return self._kept[key][0]
        if key not in self._under_way:
            counting = self._under_way[key] = asyncio.ensure_future(self._counted(key, count))
            counting.add_done_callback(_heard)
        return await asyncio.shield(self._under_way[key])

    async def _counted(self, key: str, count: Callable[[], Awaitable[Counted]]) -> Counted:
        began_s = self._monotonic()
        try:
            found = await count()
            now_s = self._monotonic()
            cost_s = now_s - began_s
            reused_s = min(TIMES * cost_s, LONGEST_S) if cost_s > CHEAP_S else 0.0
            self._kept[key] = found, now_s + reused_s
            return found
        finally:
            del self._under_way[key]


def _heard(counting: asyncio.Future[Any]) -> None:
    """Perhaps nobody waits any more to hear that it failed."""
    if not counting.cancelled():
        counting.exception()
