"""Work that is not broken off half-way, because what it wrote would be known to nobody."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Await the work. Who is cancelled meanwhile is so once it has ended; cancelled again, at once."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        with contextlib.suppress(asyncio.CancelledError):
            task.exception()  # whoever would have been told of it is gone
        raise
