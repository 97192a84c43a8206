"""Reading from a broker until enough has come, whatever the size of each batch."""

import asyncio
import time
from collections.abc import Sequence

from shared.errors import Unavailable
from shared.ports import Received, Subscription


async def joined(subscription: Subscription) -> None:
    """Start it as a service does, again and again: a topic made a moment ago may not be known to the broker yet."""
    async with asyncio.timeout(120):
        while True:
            try:
                return await subscription.start()
            except Unavailable:
                await asyncio.sleep(0.05)


async def read_until(subscription: Subscription, count: int, timeout_s: float = 120) -> list[Received]:
    """The next records, at least `count` of them; an AssertionError when they do not come in time.

    Each batch is committed, as a consumer does with a batch that it has saved.
    """
    deadline = time.monotonic() + timeout_s
    found: list[Received] = []
    while len(found) < count:
        assert time.monotonic() < deadline, f"Only {len(found)} of {count} records came in time."
        batch = await subscription.fetch(500)
        await subscription.commit(ends_of(batch))
        found += batch
    return found


def ends_of(batch: Sequence[Received]) -> dict[tuple[str, int], int]:
    """What to commit when a batch is done: the offset after the last of each partition."""
    return {(record.topic, record.partition): record.offset + 1 for record in batch}
