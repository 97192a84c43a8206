"""Time, and counting what happens in it."""

from datetime import datetime
from typing import Protocol


class Count(Protocol):
    """Counts that something happened `n` times. Labels are kinds and outcomes, never ids."""

    def __call__(self, name: str, n: int, /, **labels: str) -> None:
        """Count it."""


class Clock(Protocol):
    """What time it is, and waiting. `now` is the database's clock plus an offset; `monotonic` is never moved."""

    def now(self) -> datetime:
        """The last reading plus the monotonic time since: late by a round trip, never ahead."""

    async def read(self) -> datetime:
        """Read the database's clock again. Raises Unavailable, also when this machine's clock is too far off."""

    async def refresh(self) -> None:
        """Notice that time was moved, before anything is decided; where it cannot be moved, do nothing.

        A replica that noticed first may have published since, and no fact is consumed before its own time.
        Raises Unavailable.
        """

    def monotonic(self) -> float:
        """Seconds of technical time."""

    async def sleep(self, seconds: float) -> None:
        """Wait in technical time."""
