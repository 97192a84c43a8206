"""The app around a service's routes: limits, health, metrics, headers, and an answer to every fault.

Nothing is open but health, readiness, metrics and the API's own description; a route without a guard does not start.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

import structlog
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts

from shared.errors import Unavailable
from shared.identity import Guard, assert_every_route_guarded
from shared.telemetry import Metrics, configure
from shared.web.description import describe
from shared.web.edge import Edge
from shared.web.on_record import Requests
from shared.web.problems import HANDLERS

Check = Callable[[], Awaitable[bool | str]]
"""Is this part of the service ready? A word says that it is, and what else is to be known of it."""
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_OPEN: Final = frozenset({"/livez", "/readyz", "/metrics", "/openapi.json"})
_CHECK_TIMEOUT_S: Final = 2.0


@asynccontextmanager
async def _no_lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


def create_app(
    title: str,
    routers: Sequence[APIRouter],
    guard: Guard,
    *,
    lifespan: Lifespan = _no_lifespan,
    metrics: Metrics | None = None,
    checks: Mapping[str, Check] | None = None,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> FastAPI:
    """Build the app, whose answers leave when the guard's recorder has them.

    Raises Unguarded when a route has no permit or the policy does not know one.
    """
    if not structlog.is_configured():  # its defaults print messages, arguments and locals
        configure(title.lower().replace(" ", "-"))
    counted = metrics or Metrics()
    app = _bare_app(title, lifespan)
    app.state.guard = replace(guard, open_paths=guard.open_paths | _OPEN)
    for router in (_health(counted, checks or {}), *routers):
        app.include_router(router)
    assert_every_route_guarded(app)
    describe(app)
    templates = {route.endpoint: route.path_format for route in iter_route_contexts(app.routes)}
    requests = Requests(guard.recorder, templates)
    how = partial(Edge, metrics=counted, requests=requests, random_bytes=random_bytes)
    app.add_middleware(how, at_once=guard.limits.all_at_once if guard.limits else sys.maxsize, always=_OPEN)
    return app


def _bare_app(title: str, lifespan: Lifespan) -> FastAPI:
    """FastAPI without its own telemetry, which would log requests."""
    return FastAPI(
        title=title,
        lifespan=_telling_why_not(lifespan),
        exception_handlers=HANDLERS,
        responses={"default": {}},  # without it, its own refusals are described; ours are added by `describe`
        redirect_slashes=False,  # a redirect would repeat the query
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        # Its own telemetry writes queries and exception messages into spans and logs.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )


def _telling_why_not(lifespan: Lifespan) -> Lifespan:
    @asynccontextmanager
    async def lifespan_logged(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with lifespan(app):
                yield
        except Exception:
            structlog.get_logger().exception("start or stop failed")
            raise

    return lifespan_logged


def _health(metrics: Metrics, checks: Mapping[str, Check]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        found = dict(zip(checks, await asyncio.gather(*map(_passes, checks.values())), strict=True))
        states = {name: it if isinstance(it, str) else "ready" if it else "not ready" for name, it in found.items()}
        return JSONResponse(states, status_code=200 if all(found.values()) else 503)

    @router.get("/metrics")
    async def figures() -> Response:
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


async def _passes(check: Check) -> bool | str:
    """A check that fails or hangs says no; why is in the logs, since readiness is open to anybody."""
    try:
        return await asyncio.wait_for(check(), _CHECK_TIMEOUT_S)
    except (Unavailable, TimeoutError) as error:
        structlog.get_logger().warning("not ready", reason=type(error).__name__)
        return False
    except Exception:  # noqa: BLE001 - whatever is wrong, it is not ready
        structlog.get_logger().warning("readiness check failed", exc_info=True)
        return False
