"""Callers for tests: an issuer that signs whatever a test wants signed, and a client that speaks to an app."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.contracts.envelope import SERVICES
from shared.identity import ACCESS_TOKEN, AccessPolicy, Guard, Role, Verifier, audience_of
from shared.identity.caller import PROGRAM
from tests.support.parties import FIRST, PARTIES, PERSON
from tests.support.parties import client_of as party_client

ISSUER = "https://issuer.example"
EVERY_AUDIENCE = [audience_of(service) for service in (*SERVICES, "tracking")]
AUDIENCE = EVERY_AUDIENCE[0]
CLIENT = "demo-console"


@dataclass
class Issuer:
    """Signs tokens that its own verifier believes. `now_s` is where its clock stands."""

    now_s: float = field(default_factory=time.time)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-384", {"kid": "issuer-1", "use": "sig"}))
    fetched: int = 0

    async def jwks(self) -> Mapping[str, Any]:
        """The published keys; counts how often they were asked for."""
        self.fetched += 1
        return {"keys": [self.key.as_dict(private=False)]}

    def verifier(self, audience: str = AUDIENCE) -> Verifier:
        """A verifier that trusts this issuer's tokens for the audience."""
        return Verifier(ISSUER, audience, self.jwks, lambda: self.now_s, PARTIES)

    def guard(self, policy: AccessPolicy, *open_paths: str) -> Guard:
        """A guard that trusts this issuer."""
        return Guard(self.verifier(), policy, frozenset(open_paths))

    def token(
        self, *roles: Role, tenant: str = "demo", subject: str = PERSON, party: str = "", **claims: object
    ) -> str:
        """A valid token for all services; `claims` replace or add.

        It is a person's, unless a role is one of programs: then it is of the program of `party`, or of the first party
        that has this role. No token says so: the register does.
        """
        name = party or next((FIRST[role] for role in roles if role in FIRST), "")
        valid = {
            "iss": ISSUER,
            "aud": EVERY_AUDIENCE,
            "sub": f"service-account-{party_client(tenant, name)}" if name else subject,
            "client_id": party_client(tenant, name) if name else CLIENT,
            "tenant": tenant,
            "roles": [PROGRAM] if name else [role.value for role in roles],
            "iat": int(self.now_s),
            "exp": int(self.now_s) + 300,
        }
        header = {"alg": "ES384", "kid": self.key.kid, "typ": ACCESS_TOKEN}
        return jwt.encode(header, {**valid, **claims}, self.key, algorithms=["ES384"])

    def headers(self, *roles: Role, tenant: str = "demo", subject: str = PERSON, party: str = "") -> dict[str, str]:
        """The Authorization header of a caller with these roles."""
        return {"Authorization": f"Bearer {self.token(*roles, tenant=tenant, subject=subject, party=party)}"}


def client_of(app: FastAPI, **headers: str) -> httpx2.AsyncClient:
    """A client that speaks to the app without a socket."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://service.example", headers=headers)
