"""One request to the outside, and what its outcome means to an effect. Retries are off: one call is one request.

Also the client's side of SMART Backend Services: a signed assertion is exchanged for a short-lived token.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.errors import Unavailable, Unknown
from shared.settings import OutboundSettings
from shared.transport import AiohttpTransport

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_S = 60
RENEWED_BEFORE_S = 30
REACHED_WITHIN_S = 2.0
"""For a token, and again for a connection: a call goes out within `calls.STALL_S` of its last check, or not at all."""


class NotTaken(Exception):
    """It certainly did not happen: the connection was refused, or the answer is on the adapter's list."""


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
    for silence, resets, 5xx and any other status that says nothing certain.
    """
    try:
        async with asyncio.timeout(timeout_s):
            response = await http.request(method, url, timeout=_timeout(timeout_s), **content)
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise NotTaken from error
    except (httpx2.HTTPError, TimeoutError) as error:
        raise Unknown("No answer.") from error
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS or response.status_code in not_taken:
        raise NotTaken
    if response.is_server_error or response.is_redirect:
        raise Unknown("An answer that says nothing certain.")
    return response


def _timeout(answer_s: float) -> httpx2.Timeout:
    return httpx2.Timeout(answer_s, connect=REACHED_WITHIN_S, pool=REACHED_WITHIN_S)


@dataclass
class ServiceToken:
    """An async callable that returns a valid bearer token, asking for a new one shortly before the old one ends."""

    client_id: str
    key: ECKey
    token_url: str
    http: httpx2.AsyncClient
    epoch_s: Callable[[], float] = time.time
    random_bytes: Callable[[int], bytes] = os.urandom
    _token: str = field(default="", init=False)
    _until: float = field(default=0.0, init=False)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @classmethod
    def from_file(cls, credentials: Path, issuer_url: str, http: httpx2.AsyncClient) -> "ServiceToken":
        """Read a client's file: `{"client_id", "jwk"}`, the JWK being its private EC key."""
        found = json.loads(credentials.read_bytes())
        return cls(found["client_id"], ECKey.import_key(found["jwk"]), f"{issuer_url.rstrip('/')}/token", http)

    async def __call__(self) -> str:
        """Return the token. Raises Unavailable when the issuer cannot be reached or does not grant it."""
        async with self._asking:
            if self.epoch_s() >= self._until - RENEWED_BEFORE_S:
                granted = await self._ask()
                self._token = granted["access_token"]
                self._until = self.epoch_s() + granted["expires_in"]
            return self._token

    async def _ask(self) -> dict[str, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(self.client_id, self.key, self.token_url, self.epoch_s(), self.random_bytes),
        }
        try:
            answer = (await self.http.post(self.token_url, data=form)).raise_for_status()
        except httpx2.HTTPError:
            raise Unavailable from None
        return dict(answer.json())


def assertion(client_id: str, key: ECKey, token_url: str, now_s: float, random_bytes: Callable[[int], bytes]) -> str:
    """A client's signed word that it is itself, good for a minute and for one use."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": token_url,
        "exp": int(now_s) + ASSERTION_LIFETIME_S,
        "jti": random_bytes(16).hex(),
    }
    return jwt.encode({"alg": "ES384", "kid": key.kid}, claims, key, algorithms=["ES384"])


class ServiceAuth(httpx2.Auth):
    """Attaches a service's token to each request. Without a token nothing is sent, so nothing was taken."""

    def __init__(self, token: Callable[[], Awaitable[str]]) -> None:
        self._token = token

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Attach the token."""
        try:
            async with asyncio.timeout(REACHED_WITHIN_S):
                request.headers["Authorization"] = f"Bearer {await self._token()}"
        except (Unavailable, TimeoutError) as error:
            raise httpx2.ConnectError("No token to send with.") from error
        yield request


def authenticated_client(settings: OutboundSettings) -> httpx2.AsyncClient:
    """A client that sends our token, and neither retries nor follows redirects."""
    token = ServiceToken.from_file(settings.credentials_file, settings.issuer_url, httpx2.AsyncClient(timeout=5.0))
    return httpx2.AsyncClient(auth=ServiceAuth(token), follow_redirects=False, transport=AiohttpTransport())
