"""The outermost layer of every request: its id and trace, its headers, its count, and the last answer to a fault."""

import re
import time
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Final

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import audit
from shared.errors import Busy, Unavailable
from shared.identity.limits import LEAVE
from shared.telemetry import Metrics, child_of
from shared.web.on_record import Requests
from shared.web.problems import answer, later, of_status, unrecorded

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
    """ASGI middleware. `requests` gives the route's template, the only path that is ever counted, and the record.

    More than `at_once` requests are not worked on: whoever comes then may come back, except to `always`, the paths
    by which it is known how we are.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        requests: Requests,
        random_bytes: Callable[[int], bytes],
        at_once: int,
        always: Collection[str],
    ) -> None:
        self._app = app
        self._requests = requests
        self._metrics = metrics
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
        outgoing = _Outgoing(send, request_id, scope)
        if int(headers.get("content-length", 0)) > MOST_BYTES:
            self._requests.turned_away(scope, 413)
            await answer(Request(scope), of_status(413))(scope, receive, outgoing)
            self._count(scope, outgoing.status, 0)
            return
        if self._under_way >= self._at_once and scope["path"] not in self._always:
            self._metrics.limited.labels("all_at_once").inc()
            await answer(Request(scope), later(Busy()))(scope, receive, outgoing)
            self._count(scope, outgoing.status, 0)
            return
        with child_of(headers.get("traceparent"), self._random_bytes), audit.observed() as access:
            outgoing.before = partial(self._requests.put_on_record, scope, access, request_id)
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
                "request failed", exc_info=error, route=self._requests.route(scope), request_id=outgoing.request_id
            )
            if not outgoing.status:
                await answer(Request(scope), of_status(500))(scope, receive, outgoing)
        finally:
            self._under_way -= 1
            scope.get(LEAVE, _nothing)()
            self._count(scope, outgoing.status or _CLIENT_LEFT, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, took_s: float) -> None:
        route = self._requests.route(scope)
        self._metrics.requests.labels(route, scope["method"], status).inc()
        self._metrics.request_s.labels(route).observe(took_s)


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
    """Sends what the app answers, with the headers that every answer carries, when it is on record and not before."""

    def __init__(self, send: Send, request_id: str, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self._is_withheld = False
        self.request_id = request_id
        self.status = 0
        self.before: Callable[[int], Awaitable[None]] | None = None

    async def __call__(self, message: Message) -> None:
        if self._is_withheld:
            return
        if message["type"] == "http.response.start" and self.before:
            before, self.before = self.before, None
            try:
                await before(message["status"])
            except Unavailable as error:
                await answer(Request(self._scope), unrecorded(self._scope["method"], error))(
                    self._scope, _nothing_more, self
                )
                self._is_withheld = True
                return
        await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
