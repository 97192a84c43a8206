"""W3C trace context, carried from request to fact to reaction in a context variable."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str | None:
    """The traceparent of the work in progress, to be put on facts and outbound calls."""
    return _current.get()


@contextmanager
def child_of(traceparent: str | None, random_bytes: Callable[[int], bytes] = os.urandom) -> Iterator[str]:
    """Work as a new span under `traceparent`; without a well-formed one, a new trace begins."""
    parent = _TRACEPARENT.fullmatch(traceparent or "")
    trace_id, flags = parent.groups() if parent else (random_bytes(16).hex(), "01")
    token = _current.set(f"00-{trace_id}-{random_bytes(8).hex()}-{flags}")
    try:
        yield _current.get() or ""
    finally:
        _current.reset(token)
