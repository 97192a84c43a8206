"""Work that is not broken off half-way, because what it wrote would be known to nobody."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
ENDS_WITHIN_S = 6.0
"""A little longer than the database may take for one save."""


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Await the work. Who is cancelled meanwhile is so once it has ended, or soon; cancelled again, at once."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_forgotten)
        await asyncio.wait([task], timeout=ENDS_WITHIN_S)
        raise


def _forgotten(task: asyncio.Task[Any]) -> None:
    """Whoever would have been told how it ended is gone."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
