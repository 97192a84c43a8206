"""The composition root of the simulators: one app for all parties, with a mail server and the schedule behind it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx2
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from deploy.issuer.refusals import OAuthRefusal, answer_refusal
from deploy.platform.parties import REGISTER
from deploy.simulators import admin, ehr, mail, office, payer, sms
from deploy.simulators.callback_tokens import CallbackTokens
from deploy.simulators.callbacks import CallbackSender
from deploy.simulators.endpoint import Endpoint
from deploy.simulators.faults import Connected
from deploy.simulators.journal import Journal, open_database
from deploy.simulators.scenario import Scenario
from deploy.simulators.schedule import Schedule, ScheduledCallback
from deploy.simulators.settings import SimulatorsSettings
from deploy.simulators.token_servers import TokenServers, kept_keys
from shared import web
from shared.errors import Unavailable
from shared.identity import AccessPolicy, Guard, Role, Verifier, audience_of, fetch_over_http
from shared.mongo import MongoClock, connect
from shared.parties import Register
from shared.ports import Clock
from shared.settings import (
    ClockSettings,
    IdentitySettings,
    MongoSettings,
    OutboundSettings,
    TelemetrySettings,
)
from shared.telemetry import configure

POLICY: AccessPolicy = {
    "operate_simulators": frozenset({Role.OPERATOR}),
}


@dataclass(frozen=True, slots=True)
class World:
    """What the simulators depend on: simulated time, the guard of operators, the parties' tokens, and callbacks.

    `token` is for a callback and its owner.
    """

    clock: Clock
    verifier: Verifier
    token_servers: TokenServers
    token: Callable[[ScheduledCallback, str], Awaitable[str]]
    http: httpx2.AsyncClient


def create_app(settings: SimulatorsSettings | None = None, world: World | None = None) -> FastAPI:
    """Wire the parties to one endpoint; what is not given comes from the environment."""
    found = settings or SimulatorsSettings()
    reached = world or _real_world(found)
    endpoint = _endpoint(found, reached.clock)
    tasks: list[asyncio.Task[None]] = []
    parties = _parties(endpoint, reached.token_servers)
    app = web.create_app(
        "Throughline simulators",
        [
            *parties,
            sms.routes(endpoint, found.sms_account_sid, found.sms_auth_token),
            admin.routes(endpoint),
        ],
        Guard(reached.verifier, POLICY, frozenset({sms.messages_path(found.sms_account_sid), *_paths(parties)})),
        lifespan=lambda _app: _running(found, reached, endpoint, tasks),
        checks={"clock": _tells_time(reached.clock), "agenda": _all_run(tasks)},
    )
    app.add_exception_handler(OAuthRefusal, answer_refusal)  # type: ignore[arg-type] # typed for any Exception
    app.middleware_stack = Connected(app.build_middleware_stack())
    return app


def _parties(endpoint: Endpoint, token_servers: TokenServers) -> list[APIRouter]:
    """The routes of each kind of party, for callers with a token of the party that is asked."""
    return [
        payer.routes(endpoint, token_servers.entry("payer")),
        office.routes(endpoint, token_servers.entry("office")),
        ehr.routes(endpoint, token_servers.entry("ehr")),
        token_servers.routes(),
    ]


def _paths(routers: Sequence[APIRouter]) -> set[str]:
    """Paths that our issuer's tokens have nothing to do with."""
    return {route.path for router in routers for route in router.routes if isinstance(route, APIRoute)}


def _endpoint(settings: SimulatorsSettings, clock: Clock) -> Endpoint:
    database = open_database(settings.state_directory)
    scenario = Scenario(database, settings.seed, settings.fault_rate)
    return Endpoint(database, Journal(database), Schedule(database), scenario, settings.seed, clock)


@asynccontextmanager
async def _running(
    settings: SimulatorsSettings, world: World, endpoint: Endpoint, tasks: list[asyncio.Task[None]]
) -> AsyncIterator[None]:
    """Serve SMTP, follow the clock and send the scheduled callbacks."""
    sender = CallbackSender(
        endpoint.schedule, endpoint.journal, world.clock, world.token, settings.sms_auth_token, world.http
    )
    server = await mail.listen(endpoint, settings.host, settings.smtp_port)
    follow = _follow(world.clock, settings.clock_poll_s)
    tasks.extend(asyncio.create_task(work) for work in (follow, sender.run()))
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    server.close()
    await world.http.aclose()
    endpoint.database.close()


async def _follow(clock: Clock, poll_s: float) -> None:
    """Notice when time was moved."""
    while True:
        with suppress(Unavailable):
            await clock.read()
        await clock.sleep(poll_s)


def _tells_time(clock: Clock) -> web.Check:
    async def tells_time() -> bool:
        clock.now()
        return True

    return tells_time


def _all_run(tasks: list[asyncio.Task[None]]) -> web.Check:
    async def all_run() -> bool:
        return bool(tasks) and not any(task.done() for task in tasks)

    return all_run


def _real_world(settings: SimulatorsSettings) -> World:
    configure("simulators", TelemetrySettings().log_level)
    identity, outbound = IdentitySettings(), OutboundSettings()
    audience = identity.audience or audience_of("simulators")
    http = httpx2.AsyncClient(timeout=settings.callback_timeout_s)
    keys = settings.keys_directory
    register = Register.from_file(keys / REGISTER)
    public = {jwk["kid"]: jwk for jwk in json.loads((keys / "parties" / "public.json").read_bytes())["keys"]}
    return World(
        clock=MongoClock(connect(MongoSettings()), ClockSettings()),
        verifier=Verifier(identity.issuer, audience, fetch_over_http(identity.jwks_url), time.time, register),
        token_servers=TokenServers(register, public, kept_keys(settings.state_directory / "signing.json"), time.time),
        token=CallbackTokens(register, settings.tenant, keys / "clients", outbound.issuer_url, http).token,
        http=http,
    )
