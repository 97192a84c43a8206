"""An event loop in virtual time that lets the seed pick what runs next. The same seed runs the same way.

Tasks belong to the replica in whose context they were made, so that a replica can be killed with all it was doing.
"""

# ruff: noqa: SLF001 - a loop is made of its base's own parts

import asyncio
import contextlib
import heapq
from asyncio import base_events, events
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from random import Random
from typing import Any

from tests.simulation.endless import Endless, Trace

OWNER: ContextVar["list[asyncio.Task[Any]] | None"] = ContextVar("OWNER", default=None)
PRUNED_AT = 256
STEPS_AT_MOST = 1_400_000
"""Ten times what the longest of the seeds that a `make test` plays takes: 139,314, seed 307 of the services."""
TRACED = 1_000
"""The last steps before the bound, of which the finding says what ran."""
CANCELLED_WITHIN = 20_000
"""Steps in which everything that is cancelled ends; the rest is dropped."""


class Deadlock(Exception):
    """Nothing is ready, and nothing ever will be."""


class SeededLoop(base_events.BaseEventLoop):
    """Time is a number that jumps to the next timer; of several ready callbacks the seed picks one.

    A seed that takes more than `at_most` steps raises Endless, which says what it does.
    """

    def __init__(self, seed: int, at_most: int = STEPS_AT_MOST) -> None:
        super().__init__()
        self.seed, self.random = seed, Random(seed)
        self.steps = 0
        self._at_most, self._trace = at_most, Trace()
        self._now = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timers_made = 0
        self.set_task_factory(_owned_task)  # type: ignore[arg-type] # options differ between Python versions
        self.set_exception_handler(lambda *_: None)

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._now

    def call_at(  # type: ignore[override] # it takes any callable
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call it then; of those of one instant none comes first."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._timers_made += 1
        heapq.heappush(self._timers, (when, self._timers_made, timer))
        return timer

    def _run_once(self) -> None:
        timers, ready = self._timers, self._ready  # type: ignore[attr-defined]
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if not ready:
            if not timers:
                raise Deadlock
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            timer = heapq.heappop(timers)[2]
            if not timer._cancelled:
                ready.append(timer)
        if ready:
            self._step(ready)

    def _step(self, ready: Any) -> None:
        self._count_step()
        handle = self._chosen_of(ready)
        if self.steps > self._at_most - TRACED:
            self._trace.note(handle)
        if not handle._cancelled:
            handle._run()

    def _chosen_of(self, ready: Any) -> asyncio.Handle:
        """Take what runs next out of what is ready."""
        if len(ready) > 1:
            chosen = self.random.randrange(len(ready))
            ready[0], ready[chosen] = ready[chosen], ready[0]
        handle: asyncio.Handle = ready.popleft()
        return handle

    def _count_step(self) -> None:
        self.steps += 1
        if self.steps > self._at_most:
            raise Endless(
                f"Seed {self.seed} does not end: after {self._at_most} steps its time is {self._now:.2f} s. "
                f"Most of the last {TRACED} steps: {self._trace}"
            )

    def cancel_all(self) -> None:
        """Cancel everything that is under way, and let it end. What catches its cancellation for ever is dropped."""
        self._at_most = self.steps + CANCELLED_WITHIN
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            with contextlib.suppress(Endless, Deadlock):
                self.run_until_complete(asyncio.wait(tasks))

    def _process_events(self, event_list: Any) -> None:
        """There is no outside."""

    def _write_to_self(self) -> None:
        """There is no other thread."""

    def _timer_handle_cancelled(self, handle: Any) -> None:
        """Cancelled timers are dropped when they come up."""


def _owned_task(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
    owner = OWNER.get()
    if owner is not None:
        if len(owner) >= PRUNED_AT:
            owner[:] = [each for each in owner if not each.done()]
        owner.append(task)
    return task


def run(
    seed: int, main: Callable[[SeededLoop], Coroutine[Any, Any, Any]], loop_of: Callable[[int], SeededLoop] = SeededLoop
) -> Any:
    """Run one seed to its end and return what it returns. Works inside a running loop, such as a test's."""
    loop = loop_of(seed)
    running = events._get_running_loop()
    events._set_running_loop(None)
    try:
        return loop.run_until_complete(main(loop))
    except Endless:
        loop.cancel_all()
        raise
    finally:
        loop.close()
        events._set_running_loop(running)
