"""Nothing happens but what the loop decides: no threads, and the nonces of seals by the seed."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fastapi.dependencies.utils
import pytest

from tests.simulation.scheduler import SeededLoop


@contextmanager
def no_threads() -> Iterator[None]:
    """What a web framework would give to a thread is done at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fastapi.dependencies.utils, "run_in_threadpool", _at_once)
        yield


@contextmanager
def by_the_seed() -> Iterator[None]:
    """No threads, and no chance but the running loop's."""
    with no_threads(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_bytes", chance)
        yield


def chance(n: int) -> bytes:
    """Bytes that the seed decides."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, SeededLoop):
        raise TypeError("Requests are served in the simulation alone.")
    return loop.random.randbytes(n)


async def _at_once(work: Any, *arguments: Any, **options: Any) -> Any:
    """There are no threads here."""
    return work(*arguments, **options)
