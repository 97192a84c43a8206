"""One service with its doors open on a world in memory, wired as `shared.service.assemble` wires it on the real one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from shared.identity import audience_of
from shared.sealing import Keyring
from shared.service import Blueprint, Service, wire
from shared.world import World
from tests.support.callers import Issuer
from tests.support.clients import everybody
from tests.support.five_services.wiring import app_of, hooks

POLL_S = 0.02
"""The clock door looks this often: a test waits for what is due, not for a second to pass."""


@asynccontextmanager
async def at_work(
    plan: Blueprint, world: World, keyring: Keyring, http: httpx2.AsyncClient, issuer: Issuer
) -> AsyncIterator[tuple[Service, FastAPI]]:
    """The service, started, and its app, which believes the issuer. An error that would only be logged is raised."""
    service = wire(plan, world, keyring, everybody(http), hooks(stop_process=lambda: None), poll_s=POLL_S)
    app = app_of(plan, issuer.verifier(audience_of(plan.name)), lambda: service)
    app.state.service = service
    await service.start()
    try:
        yield service, app
    finally:
        await service.stop()
