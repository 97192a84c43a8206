"""The outermost layer of every request: its id and trace, its headers, its count, and the last answer to a fault."""

import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Busy
from shared.identity.limits import LEAVE
from shared.telemetry import Metrics, child_of
from shared.web.problems import answer, later, of_status

# A caller's own id is taken over only if it is a UUID: anything freer could carry data into answers and logs.
_UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
MOST_BYTES: Final = 1024 * 1024
_CLIENT_LEFT: Final = 499


class Edge:
    """ASGI middleware. `templates` gives the route template of an endpoint, the only path that is ever counted.

    More than `at_once` requests are not worked on: whoever comes then may come back, except to `always`, the paths
    by which it is known how we are.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        templates: Mapping[Any, str | None],
        random_bytes: Callable[[int], bytes],
        at_once: int,
        always: Collection[str],
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._templates = templates
        self._random_bytes = random_bytes
        self._at_once, self._always, self._under_way = at_once, always, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever happens inside, the caller gets an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "").lower()
        request_id = given if _UUID.fullmatch(given) else self._random_bytes(16).hex()
        outgoing = _Outgoing(send, request_id)
        if int(headers.get("content-length", 0)) > MOST_BYTES:
            await answer(Request(scope), of_status(413))(scope, receive, outgoing)
            self._count(scope, outgoing.status, 0)
            return
        if self._under_way >= self._at_once and scope["path"] not in self._always:
            self._metrics.limited.labels("all_at_once").inc()
            await answer(Request(scope), later(Busy()))(scope, receive, outgoing)
            self._count(scope, outgoing.status, 0)
            return
        with child_of(headers.get("traceparent"), self._random_bytes):
            await self._serve(scope, _Incoming(receive), outgoing)

    async def _serve(self, scope: Scope, receive: Receive, outgoing: "_Outgoing") -> None:
        began = time.perf_counter()
        self._under_way += 1
        try:
            await self._app(scope, receive, outgoing)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last answer before the socket
            structlog.get_logger().error(
                "request failed", exc_info=error, route=self._route(scope), request_id=outgoing.request_id
            )
            if not outgoing.status:
                await answer(Request(scope), of_status(500))(scope, receive, outgoing)
        finally:
            self._under_way -= 1
            scope.get(LEAVE, _nothing)()
            self._count(scope, outgoing.status or _CLIENT_LEFT, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, took_s: float) -> None:
        route = self._route(scope)
        self._metrics.requests.labels(route, scope["method"], status).inc()
        self._metrics.request_s.labels(route).observe(took_s)

    def _route(self, scope: Scope) -> str:
        return self._templates.get(scope.get("endpoint")) or "unmatched"


def _nothing() -> None:
    """Nobody counted this request."""


class _Incoming:
    """Receives a body that did not say how long it is, up to the limit."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > MOST_BYTES:
            raise HTTPException(413)
        return message


class _Outgoing:
    """Sends what the app answers, with the headers that every answer carries."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
