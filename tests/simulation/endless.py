"""What a loop says of a seed that does not end: how far it came, and what ran most in its last steps.

The bound itself is the scheduler's, and what is bounded are steps: a callback that never returns is not found.
"""

# ruff: noqa: SLF001 - a handle does not say otherwise what it runs

import asyncio
from asyncio import Handle
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
NAMED = 3
"""So many places are named: a loop of more is seen by its most frequent ones."""


class Endless(Exception):
    """A seed took more steps than any seed that ends."""


class Trace:
    """Counts what runs, by its place in the code."""

    def __init__(self) -> None:
        self._ran: Counter[str] = Counter()

    def note(self, handle: Handle) -> None:
        """Count what is about to run."""
        self._ran[_place(handle)] += 1

    def __str__(self) -> str:
        """The most frequent places, each with its number of steps."""
        return ", ".join(f"{n} x {place}" for place, n in self._ran.most_common(NAMED))


def _place(handle: Handle) -> str:
    """The innermost line of this repository at which a task goes on; of any other callback its name."""
    callback: Any = handle._callback  # type: ignore[attr-defined] # not in the typed interface
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return str(getattr(callback, "__qualname__", callback))
    ours = [frame for frame in _frames(task.get_coro()) if _is_ours(frame)]
    return _line(ours[-1]) if ours else task.get_name()


def _frames(awaited: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of what it awaits, outermost first."""
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None)
        if frame:
            yield frame
        awaited = getattr(awaited, "cr_await", None)


def _is_ours(frame: FrameType) -> bool:
    path = Path(frame.f_code.co_filename)
    return path.is_relative_to(ROOT) and "site-packages" not in path.parts


def _line(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename).relative_to(ROOT)
    return f"{frame.f_code.co_qualname} ({path}:{frame.f_lineno})"
