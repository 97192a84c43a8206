"""The local issuer as its tests ask it: a stack's keys, the issuer over them, and a clock that tests move."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.issuer.app import create_app
from deploy.issuer.codes import challenge_of
from deploy.issuer.settings import IssuerSettings
from deploy.platform.keys import write_state
from shared.effects import ASSERTION_TYPE
from shared.identity import Verifier, audience_of
from shared.parties import Register

PARTIES = Path(__file__).parents[3] / "deploy/config/parties.json"
URL = "http://127.0.0.1:8191"
TOKEN_URL = f"{URL}/token"
VERIFIER = "a-verifier-that-only-this-test-knows-0123456789"
CALLBACK = "http://127.0.0.1:8105/login/callback"


@dataclass
class LocalIssuer:
    """A stack's keys, the issuer over them, and a clock."""

    state: Path
    now_s: float = 1_800_000_000.0
    also_at: tuple[str, ...] = ()
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        write_state(self.state, ["demo"])
        settings = IssuerSettings(url=URL, state=self.state, also_at=self.also_at)
        self.app = create_app(settings, lambda: self.now_s)

    def http(self) -> httpx2.AsyncClient:
        """A client without a socket."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url=URL)

    def key(self, client_id: str) -> ECKey:
        """A client's private key."""
        return ECKey.import_key(json.loads((self.state / "clients" / f"{client_id}.json").read_bytes())["jwk"])

    def signed(self, client_id: str, **claims: object) -> str:
        """An assertion with some claims replaced; None leaves one out."""
        valid: dict[str, object] = {
            "iss": client_id,
            "sub": client_id,
            "aud": TOKEN_URL,
            "exp": int(self.now_s) + 60,
            "jti": os.urandom(8).hex(),
        }
        kept = {name: value for name, value in {**valid, **claims}.items() if value is not None}
        key = self.key(client_id)
        return jwt.encode({"alg": "ES384", "kid": key.kid}, kept, key, algorithms=["ES384"])

    async def ask(self, assertion_: str, **form: str) -> httpx2.Response:
        """Ask for a token with an assertion: for intake, unless the form says otherwise."""
        asked = {
            "grant_type": "client_credentials",
            "audience": audience_of("intake"),
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion_,
            **form,
        }
        async with self.http() as http:
            return await http.post("/token", data=asked)

    async def code(self, person: str = "nora.nurseworth", **query: str) -> str:
        """The code that comes back after a person was chosen."""
        async with self.http() as http:
            answer = await http.get("/authorize", params={**login(), "person": person, **query})
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def redeem(self, code: str, **form: str) -> httpx2.Response:
        """Exchange a code for a token, as the console does."""
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return await self.ask(self.signed("demo-console"), **{**asked, "code_verifier": VERIFIER, **form})

    def verifier(self, service: str = "intake") -> Verifier:
        """What a service of ours believes."""

        async def fetch() -> Any:
            async with self.http() as http:
                return (await http.get("/.well-known/jwks.json")).json()

        return Verifier(URL, audience_of(service), fetch, lambda: self.now_s, Register.from_file(PARTIES))


def login() -> dict[str, str]:
    """What the console sends a person to the log-in page with."""
    return {
        "client_id": "demo-console",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        "state": "opaque-state",
    }
