"""Believes an access token if a key of the configured issuer signed it, for us, for now, and not for long.

Time is the real clock, never the movable one of the business: tokens are technical.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import httpx2
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from shared.errors import Unavailable
from shared.identity.audiences import check_audience, check_type
from shared.identity.caller import Caller, Unauthenticated, caller_from
from shared.parties import Register

LONGEST_LIFETIME_S: Final = 3600
"""No token lives longer; SMART Backend Services asks for short-lived tokens of an hour at most."""

_ALGORITHMS: Final = ("ES256", "ES384", "RS256", "RS384")
_LEEWAY_S: Final = 5
_KEYS_MAX_AGE_S: Final = 300.0
LONGEST_STALE_S: Final = 24 * 3600.0
"""Keys that could not be fetched anew for so long serve no more: one of them may have been withdrawn since."""
_REFETCH_AFTER_S: Final = 30.0
_FIRST_FETCH_AGAIN_S: Final = 1.0
_REMEMBERED: Final = 10_000
_LONGEST_TOKEN: Final = 8192
_LONGEST_JWKS: Final = 1_048_576

_NO_PARTIES: Final = Register()
FetchJwks = Callable[[], Awaitable[Mapping[str, object]]]


def fetch_over_http(jwks_url: str, timeout_s: float = 5.0) -> FetchJwks:
    """Fetch the issuer's JWK set. Raises Unavailable when that fails, or is too long or packed; {} for no object."""

    async def fetch() -> Mapping[str, object]:
        try:
            async with (
                httpx2.AsyncClient(timeout=timeout_s, headers={"Accept-Encoding": "identity"}) as client,
                client.stream("GET", jwks_url) as answer,
            ):
                found = json.loads(await _read(answer.raise_for_status()))
        except (httpx2.HTTPError, ValueError):
            raise Unavailable from None
        return found if isinstance(found, dict) else {}

    return fetch


async def _read(answer: httpx2.Response) -> bytes:
    """The answer as it came. Raises ValueError for one that nobody publishes keys in."""
    found = bytearray()
    async for chunk in answer.aiter_raw():
        found += chunk
        if len(found) > _LONGEST_JWKS:
            raise ValueError("too long")
    return bytes(found)


class Verifier:
    """Verifies tokens of one issuer for one audience. Keys and verdicts are cached; `epoch_s`: seconds since 1970.

    Programs are what `parties` says of their clients: without a register they may do nothing.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        fetch: FetchJwks,
        epoch_s: Callable[[], float],
        parties: Register = _NO_PARTIES,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._fetch = fetch
        self._epoch_s = epoch_s
        self._parties = parties
        self._keys: dict[str, ECKey | RSAKey] = {}
        self._tried_at = self._fetched_at = float("-inf")
        self._believed: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> Caller:
        """Return the caller. Raises Unauthenticated, or Unavailable while no key of the issuer is known to count."""
        if self._keys and self._elapsed_s(self._fetched_at) >= _KEYS_MAX_AGE_S and not self._fetching.locked():
            await self._refetch()
        if self._keys and self._elapsed_s(self._fetched_at) >= LONGEST_STALE_S:
            raise Unavailable
        digest = sha256(token.encode("utf-8", "replace")).digest()
        caller, expires_at = self._believed.get(digest) or await self._check(token)
        if expires_at <= self._epoch_s():
            self._believed.pop(digest, None)
            raise Unauthenticated(has_token=True)
        self._remember(digest, caller, expires_at)
        return caller

    def _remember(self, digest: bytes, caller: Caller, expires_at: float) -> None:
        self._believed[digest] = (caller, expires_at)
        self._believed.move_to_end(digest)
        if len(self._believed) > _REMEMBERED:
            self._believed.popitem(last=False)

    async def _check(self, token: str) -> tuple[Caller, float]:
        if len(token) > _LONGEST_TOKEN:
            raise Unauthenticated(has_token=True)
        try:
            header = jws.extract_compact(token.encode()).headers()
            check_type(header)
            key = await self._key(header.get("kid"))
            claims = jwt.decode(token, key, registry=_REGISTRY).claims
            self._check_claims(claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unauthenticated(has_token=True) from None
        return caller_from(claims, self._parties), float(claims["exp"])

    def _check_claims(self, claims: dict[str, Any]) -> None:
        """Check what joserfc's `decode` leaves alone: everything but the signature."""
        jwt.JWTClaimsRegistry(
            now=int(self._epoch_s()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
        check_audience(claims, self._audience)
        # Written so that NaN, which compares as false with everything, fails too.
        if not 0 < claims["exp"] - claims["iat"] <= LONGEST_LIFETIME_S:
            raise ValueError("lifetime")

    async def _key(self, kid: object) -> ECKey | RSAKey:
        if kid not in self._keys:
            await self._refetch()
        if not self._keys:
            raise Unavailable
        return self._keys[str(kid)]

    async def _refetch(self) -> None:
        """Fetch the keys, once for all who wait, not too often; old ones serve for a day while the issuer is down."""
        async with self._fetching:
            if self._elapsed_s(self._tried_at) < (_REFETCH_AFTER_S if self._keys else _FIRST_FETCH_AGAIN_S):
                return
            self._tried_at = self._epoch_s()
            try:
                self._adopt(await self._fetch())
            except Unavailable:
                structlog.get_logger().warning("signing keys could not be fetched", count=len(self._keys))

    def _adopt(self, jwk_set: Mapping[str, object]) -> None:
        """An answer without a key is a fault of the issuer's, and no word about the keys that were there."""
        keys = _public_keys(jwk_set)
        if not keys:
            structlog.get_logger().warning("the issuer publishes no signing keys", count=len(self._keys))
            return
        self._keys = keys
        self._fetched_at = self._tried_at
        self._believed.clear()  # a key that is gone takes its tokens along

    def _elapsed_s(self, since: float) -> float:
        return abs(self._epoch_s() - since)


def _registry() -> jws.JWSRegistry:
    """Algorithms by name; headers that we do not know are ignored, as RFC 7515 has it, except in `crit`."""
    return jws.JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)


_REGISTRY: Final = _registry()


def _public_keys(jwk_set: Mapping[str, object]) -> dict[str, ECKey | RSAKey]:
    """The keys that can have signed, by kid; others are left out, since issuers may publish more."""
    found: dict[str, ECKey | RSAKey] = {}
    listed = jwk_set.get("keys")
    for jwk in listed if isinstance(listed, list) else []:
        try:
            key = import_key(jwk)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, ECKey | RSAKey) and key.kid and key.get("use", "sig") == "sig":
            found[key.kid] = key
    return found
