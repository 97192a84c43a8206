"""Group commit: what comes while one batch is being saved is the next batch. Nothing is decided here."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from shared.engine.batch import Failure
from shared.engine.commands import WorkItem
from shared.errors import Busy


class GroupCommit:
    """Group commit: while one batch is being saved, callers queue; the next batch takes all of them.

    There is no timer: a lone caller is a batch of one. A full queue is Busy, at once.
    """

    def __init__(
        self, handle: Callable[[Sequence[WorkItem]], Awaitable[list[object]]], limit: int = 2000, batch: int = 200
    ) -> None:
        self._commit, self._limit, self._batch = handle, limit, batch
        self._waiting: list[tuple[WorkItem, asyncio.Future[object]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def submit(self, item: WorkItem, *, is_bounded: bool = True) -> Any:
        """Handle one item with others of its moment; return its outcome. Raises what `Engine.do` raises.

        Not bounded is what is bounded elsewhere, and must not be refused for the sake of those who only ask.
        """
        if is_bounded and len(self._waiting) >= self._limit:
            raise Busy
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.get_running_loop().create_task(self._flush())
        return await future

    async def drain(self) -> None:
        """Wait until nothing is queued."""
        if self._flusher:
            await asyncio.wait([self._flusher])

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            await self._handle(batch)

    async def _handle(self, batch: list[tuple[WorkItem, asyncio.Future[object]]]) -> None:
        try:
            outcomes = await self._commit([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - each caller gets it: none may wait without end
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, Failure):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
