"""The client's side of SMART Backend Services: a signed assertion is exchanged for a short-lived token.

Who signs holds a key, a client id and a token endpoint of one counterparty; a token is never used anywhere else.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from shared.effects.http import REACHED_WITHIN_S
from shared.errors import Unavailable

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_S: Final = 60
RENEWED_BEFORE_S: Final = 30

SigningKey = ECKey | RSAKey


def signing_key(file: Path) -> SigningKey:
    """The private key in a client's file, a JWK or `{"jwk": …}`: one that SMART Backend Services knows.

    Raises OSError, or ValueError for anything else; neither says what the file holds.
    """
    content = file.read_bytes()
    with suppress(JoseError, ValueError, TypeError):
        found = json.loads(content)
        key = import_key(found.get("jwk", found)) if isinstance(found, dict) else None
        if isinstance(key, SigningKey) and key.is_private:
            return key
    raise ValueError(f"{file.name} holds no private EC or RSA key.")


@dataclass
class ServiceToken:
    """An async callable that returns a valid bearer token, asking for a new one shortly before the old one ends.

    `asks` goes along with each request: `scope`, `resource` (RFC 8707) or `audience`.
    """

    client_id: str
    key: SigningKey
    token_url: str
    http: httpx2.AsyncClient
    epoch_s: Callable[[], float] = time.time
    random_bytes: Callable[[int], bytes] = os.urandom
    asks: Mapping[str, str] = field(default_factory=dict)
    _token: str = field(default="", init=False)
    _until: float = field(default=0.0, init=False)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @classmethod
    def from_file(
        cls, credentials: Path, issuer_url: str, http: httpx2.AsyncClient, audience: str | None = None
    ) -> "ServiceToken":
        """Read a client's file: `{"client_id", "jwk"}`, the JWK being its private EC key."""
        client_id, url = json.loads(credentials.read_bytes())["client_id"], f"{issuer_url.rstrip('/')}/token"
        asks = {"audience": audience} if audience else {}
        return cls(client_id, signing_key(credentials), url, http, asks=asks)

    async def __call__(self) -> str:
        """Return the token. Raises Unavailable when the issuer cannot be reached or does not grant it."""
        async with self._asking:
            if self.epoch_s() >= self._until - RENEWED_BEFORE_S:
                self._token, lifetime_s = await self._ask()
                self._until = self.epoch_s() + lifetime_s
            return self._token

    def forget(self, token: str) -> None:
        """Ask for another one next time: this one was refused, though its time had not come."""
        if token == self._token:
            self._until = 0.0

    async def _ask(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(self.client_id, self.key, self.token_url, self.epoch_s(), self.random_bytes),
            **self.asks,
        }
        try:
            answer = (await self.http.post(self.token_url, data=form)).raise_for_status()
            return _granted(answer.json())
        except (httpx2.HTTPError, ValueError, TypeError, KeyError):
            raise Unavailable from None


def _granted(answer: Mapping[str, Any]) -> tuple[str, float]:
    """The token of an answer (RFC 6749 §5.1) and how long it lives, in seconds. Anything else is no grant."""
    token, lifetime_s = answer["access_token"], float(answer["expires_in"])
    if not (isinstance(token, str) and token and token.isascii() and lifetime_s > 0):
        raise ValueError("grant")
    return token, lifetime_s


def assertion(
    client_id: str, key: SigningKey, token_url: str, now_s: float, random_bytes: Callable[[int], bytes]
) -> str:
    """A client's signed word that it is itself, good for a minute and for one use: ES384, or RS384 by an RSA key."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": token_url,
        "exp": int(now_s) + ASSERTION_LIFETIME_S,
        "jti": random_bytes(16).hex(),
    }
    algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


class ServiceAuth(httpx2.Auth):
    """Attaches a token to each request. Without a token nothing is sent, so nothing was taken.

    `forget` is given a token that was refused: the next request gets another, this one is not repeated.
    A token that does not come `within_s` is not waited for.
    """

    def __init__(
        self,
        token: Callable[[], Awaitable[str]],
        forget: Callable[[str], None] = lambda _token: None,
        within_s: float = REACHED_WITHIN_S,
    ) -> None:
        self._token, self._forget, self._within_s = token, forget, within_s

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Attach the token."""
        try:
            async with asyncio.timeout(self._within_s):
                token = await self._token()
        except (Unavailable, TimeoutError) as error:
            raise httpx2.ConnectError("No token to send with.") from error
        request.headers["Authorization"] = f"Bearer {token}"
        answer = yield request
        if answer.status_code == httpx2.codes.UNAUTHORIZED:
            self._forget(token)
