"""One service with its doors open on a world in memory, wired as `shared.service.assemble` wires it on the real one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from shared.identity import audience_of
from shared.sealing import Keyring
from shared.service import Blueprint, Hooks, Service, operations, wire
from shared.service.assembly import guard_of
from shared.web import create_app
from shared.world import World
from tests.support.callers import Issuer
from tests.support.clients import everybody

POLL_S = 0.02
"""The clock door looks this often: a test waits for what is due, not for a second to pass."""


@asynccontextmanager
async def at_work(
    plan: Blueprint, world: World, keyring: Keyring, http: httpx2.AsyncClient, issuer: Issuer
) -> AsyncIterator[tuple[Service, FastAPI]]:
    """The service, started, and its app, which believes the issuer. An error that would only be logged is raised."""
    hooks = Hooks(lambda *_, **_labels: None, lambda _figures: None, _raise, lambda: None)
    service = wire(plan, world, keyring, everybody(http), hooks, poll_s=POLL_S)
    guard = guard_of(plan, issuer.verifier(audience_of(plan.name)), lambda: service)
    app = create_app(plan.name, [*plan.routers, operations.router], guard)
    app.state.service = service
    await service.start()
    try:
        yield service, app
    finally:
        await service.stop()


def _raise(error: BaseException) -> None:
    raise error
