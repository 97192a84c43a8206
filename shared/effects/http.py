"""One request to the outside, and what its outcome means to an effect. Retries are off: one call is one request."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

import httpx2

from shared.effects.retry_after import retry_after_s
from shared.errors import Unknown

REACHED_WITHIN_S: Final = 2.0
"""For a token, and again for a connection: a call goes out within `calls.STALL_S` of its last check, or not at all."""


class NotTaken(Exception):
    """It certainly did not happen: the connection was refused, or the answer is on the adapter's list.

    `retry_after_s` is what the other system asks for before the next try.
    """

    def __init__(self, retry_after_s: float | None = None) -> None:
        super().__init__("Not taken.")
        self.retry_after_s = retry_after_s


async def exchange(
    http: httpx2.AsyncClient,
    method: str,
    url: str,
    *,
    timeout_s: float = 10.0,
    not_taken: Collection[int] = (),
    **content: Any,
) -> httpx2.Response:
    """Make one request.

    Raises NotTaken where it certainly had no effect (refused connection, 429, a status in `not_taken`), and Unknown
    for silence, resets, 5xx, an answer that is too long and any other that says nothing certain. Both carry the
    answer's Retry-After.
    """
    try:
        async with asyncio.timeout(timeout_s):
            response = await http.request(method, url, timeout=_timeout(timeout_s), **content)
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise NotTaken from error
    except (httpx2.HTTPError, TimeoutError) as error:
        raise Unknown("No answer.") from error
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS or response.status_code in not_taken:
        raise NotTaken(retry_after_s(response.headers))
    if response.is_server_error or response.is_redirect:
        raise Unknown("An answer that says nothing certain.", retry_after_s(response.headers))
    return response


def _timeout(answer_s: float) -> httpx2.Timeout:
    return httpx2.Timeout(answer_s, connect=REACHED_WITHIN_S, pool=REACHED_WITHIN_S)
