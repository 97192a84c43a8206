"""What carries our requests: aiohttp below httpx2's interface, which costs two fifths of the CPU of httpx2's own.

Nothing is retried, no redirect is followed, and no answer is read beyond a bound. What aiohttp says of a failure is
said in httpx2's words: whether a request may have been received hangs on them.
"""

import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import aiohttp
import httpx2
from yarl import URL

_OURS_ALONE: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add; httpx2 has set what it wants."""
_REPLACED: Final = frozenset({b"content-encoding", b"content-length"})
"""What is said of an answer as it came, and no longer holds of one that was unpacked."""
_CHUNK: Final = 65_536
_GZIP: Final = zlib.MAX_WBITS | 16
CONNECTIONS: Final = 100
LONGEST_ANSWER: Final = 1_048_576
"""Bytes that are read of an answer, packed and unpacked: 99 KiB of gzip may hold 100 MiB, and end a replica."""


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends each request once, over connections that are kept. It belongs to the event loop that first uses it.

    All goes through `proxy`, a URL, where there is one; `certificate` and `key`, PEM files, say who we are in TLS.
    """

    def __init__(
        self,
        proxy: str | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        """Read the certificate, if one is named. Raises OSError (ssl.SSLError) where it or its key cannot be used."""
        self._proxy = proxy
        self._tls = _tls(certificate, key) if certificate else None
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and read the whole answer.

        Raises httpx2.ConnectError or ConnectTimeout where nothing was sent, another TransportError where nobody knows
        or where the answer is longer than LONGEST_ANSWER or packed in a way that was not asked for.
        """
        session = self._session = self._session or _session(self._tls, self._connections)
        content = await request.aread()
        with _in_httpx2s_words(request):
            async with session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=_headers(request),
                data=content or None,
                timeout=_timeout(request),
                allow_redirects=False,
                skip_auto_headers=_OURS_ALONE,
                proxy=self._proxy,
            ) as answer:
                return _response(answer, await _read(answer))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()


def _tls(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = httpx2.create_ssl_context()
    context.load_cert_chain(certificate, key)
    return context


def _session(tls: ssl.SSLContext | None, connections: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=connections, ssl=tls or httpx2.create_ssl_context())
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)
    session._retry_connection = False  # noqa: SLF001 - it would send a PUT again when a kept connection breaks
    return session


def _headers(request: httpx2.Request) -> list[tuple[str, str]]:
    """As httpx2 has them, except that only what can be unpacked within a bound is asked for."""
    headers = {**request.headers, "accept-encoding": "gzip"}
    return list(headers.items())


def _timeout(request: httpx2.Request) -> aiohttp.ClientTimeout:
    asked = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(
        total=None, connect=asked.get("pool"), sock_connect=asked.get("connect"), sock_read=asked.get("read")
    )


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The answer as it came. Raises ClientPayloadError for one that is too long, and lets its connection go."""
    found = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        found += chunk
        if len(found) > LONGEST_ANSWER:
            answer.close()
            raise aiohttp.ClientPayloadError("An answer that is too long.")
    return bytes(found)


def _response(answer: aiohttp.ClientResponse, content: bytes) -> httpx2.Response:
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity" or not content:
        return httpx2.Response(answer.status, headers=answer.raw_headers, content=content)
    headers = [(name, value) for name, value in answer.raw_headers if name.lower() not in _REPLACED]
    return httpx2.Response(answer.status, headers=headers, content=_unpacked(content, encoding))


def _unpacked(content: bytes, encoding: str) -> bytes:
    """What was packed. Raises ClientPayloadError for another packing, for what is torn, and for what is too long."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        found = unpacker.decompress(content, LONGEST_ANSWER) if encoding == "gzip" else b""
    except zlib.error as error:
        raise aiohttp.ClientPayloadError("An answer that cannot be unpacked.") from error
    if not unpacker.eof or unpacker.unused_data:
        raise aiohttp.ClientPayloadError("An answer that cannot be unpacked within the bound.")
    return found


@contextmanager
def _in_httpx2s_words(request: httpx2.Request) -> Iterator[None]:
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout("No connection in time.", request=request) from error
    except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
        raise httpx2.ConnectError("No connection.", request=request) from error
    except TimeoutError as error:
        raise httpx2.ReadTimeout("No answer in time.", request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError("The connection broke.", request=request) from error
