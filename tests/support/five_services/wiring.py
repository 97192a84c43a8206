"""How a test wires a service: to an outside that a function plays, with hooks that hide nothing, behind its app."""

from collections.abc import Callable
from typing import Any

import httpx2
from fastapi import FastAPI

from shared.audit import Recorder
from shared.identity import Verifier
from shared.ports import Count
from shared.service import Blueprint, Hooks, Service, operations
from shared.service.assembly import guard_of
from shared.web import create_app

Outside = Callable[[httpx2.Request], Any]
"""Answers a request, at once or after a while; raises httpx2's errors for silence and refused connections."""


def client_to(outside: Outside) -> httpx2.AsyncClient:
    """A client whose requests are answered by a function."""
    return httpx2.AsyncClient(transport=httpx2.MockTransport(outside), trust_env=False)


def app_of(
    plan: Blueprint,
    verifier: Verifier,
    service: Callable[[], Service],
    recorder: Recorder | None = None,
    **more: Any,
) -> FastAPI:
    """The routes of a service, guarded as `shared.service.assemble` guards them."""
    routers = [*plan.routers, operations.router]
    return create_app(f"Throughline {plan.name}", routers, guard_of(plan, verifier, service, recorder), **more)


def _raise(error: BaseException) -> None:
    raise error


def _never_ends() -> None:
    raise AssertionError("A service ended itself.")


def _uncounted(_name: str, _n: int, /, **_labels: str) -> None:
    """Nobody reads the figures."""


def hooks(
    on_error: Callable[[BaseException], None] = _raise,
    stop_process: Callable[[], None] = _never_ends,
    count: Count = _uncounted,
) -> Hooks:
    """What a service calls back: a test that says nothing wants no error, and no end."""
    return Hooks(count, lambda _figures: None, on_error, stop_process)
