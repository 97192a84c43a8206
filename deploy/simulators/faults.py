"""How an HTTP answer goes wrong: before the effect, after it, or on the way back."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.simulators.scenario import Fault
from shared.errors import Rejected
from shared.web.problems import HANDLERS, answer, of_status

Effect = Callable[[], Response]
OWN_IDS = frozenset({"request_id", "check_id", "visit_id", "report_id", "sid"})
NOW_OR_NEVER_S = struct.pack("ii", 1, 0)


async def respond(fault: Fault | None, request: Request, effect: Effect) -> Response:
    """The answer that reaches the caller under the fault; the effect happens or not as the fault's name says."""
    match fault.kind if fault else None:
        case "refuse":
            return _failure(request, HTTPStatus.SERVICE_UNAVAILABLE, fault)
        case "429":
            return _failure(request, HTTPStatus.TOO_MANY_REQUESTS, fault)
        case "500":
            return _failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)
        case "html":
            return HTMLResponse("<!doctype html><title>Sign in</title><p>Please sign in.</p>")
        case "reset":
            return hang_up(request)
    if fault and fault.kind == "latency":
        await asyncio.sleep(fault.seconds)
    done = await _done(request, effect)
    return await _spoilt(done, fault, request) if fault else done


async def _spoilt(done: Response, fault: Fault, request: Request) -> Response:
    match fault.kind:
        case "500_after_effect":
            return _failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)
        case "truncated":
            half = bytes(done.body)[: len(done.body) // 2]
            return Response(half, done.status_code, media_type="application/json")
        case "wrong_id":
            return _about_another(done)
        case "timeout_after_effect":
            await _stay_silent(request, fault.seconds)
            return hang_up(request)
    return done


async def _done(request: Request, effect: Effect) -> Response:
    try:
        return effect()
    except Rejected as refusal:
        return await HANDLERS[Rejected](request, refusal)


def _failure(request: Request, status: HTTPStatus, fault: Fault | None = None) -> Response:
    after_s = fault.retry_after_s if fault else 1
    headers = None if status is HTTPStatus.INTERNAL_SERVER_ERROR else {"Retry-After": str(after_s)}
    return answer(request, of_status(status, headers))


def _about_another(done: Response) -> Response:
    answered = json.loads(bytes(done.body))
    changed = {name: f"other-{value}" if name in OWN_IDS else value for name, value in answered.items()}
    return JSONResponse(changed, done.status_code)


async def _stay_silent(request: Request, seconds: float) -> None:
    """Until the caller gives up, or for so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass


class Connected:
    """ASGI middleware, the outermost: keeps the connection of a request at hand, since ASGI itself knows no reset."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. uvicorn's `receive` is a method of the object that holds the transport."""
        scope["connection"] = getattr(getattr(receive, "__self__", None), "transport", None)
        await self._app(scope, receive, send)


def hang_up(request: Request) -> Response:
    """Reset the connection. The response is for a server that does not let its connections be reached."""
    transport = request.scope["connection"]
    if transport is not None and not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW_OR_NEVER_S)
        transport.abort()
    return _failure(request, HTTPStatus.BAD_GATEWAY)
