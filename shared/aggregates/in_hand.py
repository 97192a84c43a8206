"""Which aggregates a handler of this replica has in hand: each is with one at a time.

Two handlers of one replica would only compete: the loser decides again, and what it put off rests on an old document.
Nothing is decided here. Against other replicas only the version of a save protects.
"""

import asyncio
from collections.abc import Collection


class InHand:
    """The ids in hand. Who finds one taken does what else there is, and waits when there is nothing else."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._waiters: list[asyncio.Future[None]] = []

    async def take(self, keys: Collection[str]) -> list[str]:
        """Take those of these aggregates that nobody has; wait until there is one. Who takes gives back."""
        while not (free := [key for key in keys if key not in self._keys]):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        self._keys.update(free)
        return free

    async def give_back(self, keys: Collection[str]) -> None:
        """Let others have them: those who wait come before whoever gives back."""
        self._keys.difference_update(keys)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        if waiters:
            await asyncio.sleep(0)
