"""Verifies a client's assertion (RFC 7523, SMART Backend Services): signed by its key, for this endpoint, used once."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError

from deploy.issuer.refusals import OAuthRefusal
from deploy.issuer.registry import Client, Registry
from shared.effects import ASSERTION_TYPE

LONGEST_LIFETIME_S: Final = 300
_REGISTRY: Final = jws.JWSRegistry(algorithms=["ES384"])


class Assertions:
    """Checks assertions and remembers their `jti` until they would have expired anyway."""

    def __init__(self, registry: Registry, token_urls: Sequence[str], epoch_s: Callable[[], float]) -> None:
        self._registry = registry
        self._token_urls = list(token_urls)
        self._epoch_s = epoch_s
        self._used: dict[tuple[str, str], float] = {}

    def client(self, assertion_type: object, assertion: object) -> Client:
        """The client that signed. Raises OAuthRefusal."""
        if assertion_type != ASSERTION_TYPE or not isinstance(assertion, str):
            raise OAuthRefusal("invalid_client")
        try:
            client, claims = self._verified(assertion)
        except (JoseError, ValueError, TypeError, KeyError):
            raise OAuthRefusal("invalid_client") from None
        self._use_once(client.client_id, claims)
        return client

    def _verified(self, assertion: str) -> tuple[Client, dict[str, Any]]:
        """Find the client that the assertion names, and verify the assertion with its key."""
        unverified = json.loads(jws.extract_compact(assertion.encode()).payload)
        client = self._registry.client(unverified["iss"])
        claims = jwt.decode(assertion, client.key, registry=_REGISTRY).claims
        self._check(client, claims)
        return client, claims

    def _check(self, client: Client, claims: dict[str, Any]) -> None:
        now = int(self._epoch_s())
        jwt.JWTClaimsRegistry(
            now=now,
            iss={"essential": True, "value": client.client_id},
            sub={"essential": True, "value": client.client_id},
            aud={"essential": True, "values": self._token_urls},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(claims)
        if not claims["exp"] - now <= LONGEST_LIFETIME_S:
            raise ValueError("lifetime")

    def _use_once(self, client_id: str, claims: dict[str, Any]) -> None:
        now = self._epoch_s()
        self._used = {used: until for used, until in self._used.items() if until > now}
        if (client_id, claims["jti"]) in self._used:
            raise OAuthRefusal("invalid_client")
        self._used[client_id, claims["jti"]] = claims["exp"]
