"""What carries our requests: aiohttp below httpx2's interface, which costs two fifths of the CPU of httpx2's own.

Nothing is retried and no redirect is followed. What aiohttp says of a failure is said in httpx2's words: whether a
request may have been received hangs on them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
import httpx2
from yarl import URL

_OURS_ALONE: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add; httpx2 has set what it wants."""
CONNECTIONS: Final = 100


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends each request once, over connections that are kept. It belongs to the event loop that first uses it."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and read the whole answer.

        Raises httpx2.ConnectError or ConnectTimeout where nothing was sent, another TransportError where nobody knows.
        """
        session = self._session = self._session or _session()
        content = await request.aread()
        with _in_httpx2s_words(request):
            async with session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=content or None,
                timeout=_timeout(request),
                allow_redirects=False,
                skip_auto_headers=_OURS_ALONE,
            ) as answer:
                return httpx2.Response(answer.status, headers=answer.raw_headers, content=await answer.read())

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=httpx2.create_ssl_context())
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)
    session._retry_connection = False  # noqa: SLF001 - it would send a PUT again when a kept connection breaks
    return session


def _timeout(request: httpx2.Request) -> aiohttp.ClientTimeout:
    asked = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(
        total=None, connect=asked.get("pool"), sock_connect=asked.get("connect"), sock_read=asked.get("read")
    )


@contextmanager
def _in_httpx2s_words(request: httpx2.Request) -> Iterator[None]:
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout("No connection in time.", request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError("No connection.", request=request) from error
    except TimeoutError as error:
        raise httpx2.ReadTimeout("No answer in time.", request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError("The connection broke.", request=request) from error
