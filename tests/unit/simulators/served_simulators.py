"""The simulators served for real on loopback, with a clock that tests move and a service that takes the callbacks."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr

from deploy.local.ports import free_port
from deploy.simulators.app import World, create_app
from deploy.simulators.schedule import ScheduledCallback
from deploy.simulators.settings import SimulatorsSettings
from deploy.simulators.token_servers import TokenServers
from shared.identity import ACCESS_TOKEN, Verifier, audience_of
from tests.unit.simulators.party_tokens import Presenting, token_servers

ISSUER, AUDIENCE = "https://issuer.example", audience_of("simulators")
KEY = ECKey.generate_key("P-256", {"kid": "test", "use": "sig"})
SMS_ACCOUNT, SMS_TOKEN = "AC00000000000000000000000000000001", "an-invented-token"
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SERVICE_URL = "http://service.example"
PATIENCE_S = 60.0
Result = TypeVar("Result")


def bearer(*roles: str) -> dict[str, str]:
    """The header of a caller with these roles."""
    now = int(time.time())
    claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "tester", "client_id": "console", "tenant": "demo"}
    claims |= {"roles": list(roles), "iat": now, "exp": now + 600}
    return {"Authorization": f"Bearer {jwt.encode({'alg': 'ES256', 'kid': 'test', 'typ': ACCESS_TOKEN}, claims, KEY)}"}


def verifier() -> Verifier:
    """Believes the tokens of `bearer`."""

    async def fetch() -> Mapping[str, Any]:
        return {"keys": [KEY.as_dict(private=False)]}

    return Verifier(ISSUER, AUDIENCE, fetch, time.time)


async def until(look: Callable[[], Awaitable[Result | None]]) -> Result:
    """Look until there is something; fail when patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := await look():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("It did not happen in time.")


@dataclass
class Service:
    """The other end of the callbacks: answers with the next status of `script`, then with 204, and remembers all."""

    script: list[int] = field(default_factory=list)
    received: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one callback."""
        self.received.append(request)
        return httpx2.Response(self.script.pop(0) if self.script else 204)


@dataclass
class MovedClock:
    """Stands still until a test moves it; technical time is real (ports.Clock)."""

    instant: datetime = MONDAY_NOON

    def now(self) -> datetime:
        """What the test has set."""
        return self.instant

    async def read(self) -> datetime:
        """The same."""
        return self.instant

    async def refresh(self) -> None:
        """Always noticed."""

    def monotonic(self) -> float:
        """Technical time."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in technical time."""
        await asyncio.sleep(seconds)


@dataclass
class Outside:
    """What a test holds of served simulators."""

    clock: MovedClock
    service: Service
    smtp_port: int
    called: httpx2.AsyncClient
    operator: httpx2.AsyncClient
    token_servers: TokenServers = field(default_factory=token_servers)

    async def callbacks(self, n: int) -> list[httpx2.Request]:
        """The callbacks received, once there are so many."""

        async def enough() -> list[httpx2.Request] | None:
            return self.service.received if len(self.service.received) >= n else None

        return await until(enough)

    async def quiet(self) -> None:
        """Wait until nothing that is due by now is left undone."""

        async def nothing_due() -> bool | None:
            return (await self.operator.get("/agenda")).json()["due_now"] == 0 or None

        await until(nothing_due)

    async def jump(self) -> None:
        """Move time to the next callback."""
        due = (await self.operator.get("/agenda")).json()["next_due_at"]
        self.clock.instant = datetime.fromisoformat(due)

    async def force(self, kind: str, behaviour: str, identifier: str = "*") -> None:
        """Force a behaviour."""
        forced = {"kind": kind, "identifier": identifier, "behaviour": behaviour}
        assert 204 == (await self.operator.post("/admin/behaviour", json=forced)).status_code

    async def break_(self, target: str, kind: str, **more: float) -> None:
        """Inject a fault."""
        fault = {"target": target, "kind": kind, **more}
        assert 204 == (await self.operator.post("/admin/faults", json=fault)).status_code

    async def counts(self, kind: str, identifier: str) -> dict[str, int]:
        """The counts of one identifier, zeros left out."""
        answer = (await self.operator.get(f"/counts/{kind}/{identifier}")).json()
        return {name: n for name, n in answer.items() if n}


@asynccontextmanager
async def served(directory: Path, service: Service | None = None, **settings: Any) -> AsyncIterator[Outside]:
    """Serve simulators that rest in the directory."""
    configured = SimulatorsSettings(
        state_directory=directory,
        smtp_port=free_port(),
        sms_account_sid=SMS_ACCOUNT,
        sms_auth_token=SecretStr(SMS_TOKEN),
        **settings,
    )
    answering = service or Service()
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answering)) as http:
        outside = Outside(MovedClock(), answering, configured.smtp_port, http, http)

        async def token(callback: ScheduledCallback, owner: str) -> str:
            return f"{callback.kind} of {owner}"

        app = create_app(configured, World(outside.clock, verifier(), outside.token_servers, token, http))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve())
        try:
            async with _clients(await until(lambda: _address(server)), outside):
                yield outside
        finally:
            server.should_exit = True
            await serving


async def _address(server: uvicorn.Server) -> str | None:
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}" if server.started else None


@asynccontextmanager
async def _clients(url: str, outside: Outside) -> AsyncIterator[None]:
    async with (
        httpx2.AsyncClient(base_url=url, auth=Presenting(outside.token_servers), timeout=PATIENCE_S) as outside.called,
        httpx2.AsyncClient(base_url=url, headers=bearer("operator"), timeout=PATIENCE_S) as outside.operator,
    ):
        yield
