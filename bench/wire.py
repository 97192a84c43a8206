"""HTTP/1.1 as small as it gets: a benchmark's own ends of a connection must not cost more than what they measure.

Whole messages with a Content-Length, one at a time per connection. No decision enters here.
"""

import asyncio
from collections.abc import Callable
from typing import Self, cast

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Message:
    """One request or answer: its first line and its body."""

    __slots__ = ("body", "first_line", "headers")

    def __init__(self, head: bytes, body: bytes) -> None:
        self.first_line, _, self.headers = head.partition(b"\r\n")
        self.body = body

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.first_line[9:12])


class Reader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._bytes = b""

    def feed(self, data: bytes) -> list[Message]:
        """What became whole with these bytes."""
        self._bytes += data
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> Message | None:
        end = self._bytes.find(_HEAD_END)
        if end < 0:
            return None
        head = self._bytes[:end]
        start = end + len(_HEAD_END)
        whole = start + _length(head)
        if len(self._bytes) < whole:
            return None
        body, self._bytes = self._bytes[start:whole], self._bytes[whole:]
        return Message(head, body)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(_LENGTH)
    if at < 0:
        return 0
    return int(lowered[at + len(_LENGTH) :].split(b"\r\n", 1)[0])


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(status: int, body: bytes) -> bytes:
    """The bytes of a JSON answer."""
    head = f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection(asyncio.Protocol):
    """A client's connection."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Message] | None = None

    @classmethod
    async def to(cls, port: int) -> Self:
        """Connect to a port of this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    @property
    def is_open(self) -> bool:
        """Whether it may be used; a server hangs up on those who are silent for long."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, data: bytes) -> Message:
        """Send a request and await its answer. Raises ConnectionError when the connection is lost."""
        if self._transport is None or not self.is_open:
            raise ConnectionError
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand the answer to whoever waits for it."""
        for message in self._reader.feed(data):
            if self._waiting and not self._waiting.done():
                self._waiting.set_result(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits, waits in vain."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError())


class ServerConnection(asyncio.Protocol):
    """A server's connection, behind which `serve` answers each request at once."""

    def __init__(self, serve: Callable[[Message], bytes]) -> None:
        self._serve = serve
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer what became whole."""
        assert self._transport is not None
        for message in self._reader.feed(data):
            self._transport.write(self._serve(message))
