"""The composition root of the simulators: one app for all parties, with a mail server and the agenda behind it."""

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
from deploy.local.parties import REGISTER
from deploy.simulators import admin, ehr, mail, office, payer, sms
from deploy.simulators.agenda import Agenda, Promise
from deploy.simulators.callbacks import Callbacks
from deploy.simulators.callers import Callers
from deploy.simulators.desk import Desk
from deploy.simulators.faults import Connected
from deploy.simulators.gates import Gates, kept_keys
from deploy.simulators.ledger import Ledger, open_database
from deploy.simulators.orders import Orders
from deploy.simulators.settings import SimulatorsSettings
from shared import web
from shared.errors import Unavailable
from shared.identity import Guard, Policy, Role, Verifier, audience_of, fetch_over_http
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

POLICY: Policy = {
    "operate_simulators": frozenset({Role.OPERATOR}),
}


@dataclass(frozen=True, slots=True)
class World:
    """What the simulators reach: simulated time, whose operators are believed, the parties' doors, how to call back.

    `token` is for a promise and its keeper.
    """

    clock: Clock
    verifier: Verifier
    gates: Gates
    token: Callable[[Promise, str], Awaitable[str]]
    http: httpx2.AsyncClient


def create_app(settings: SimulatorsSettings | None = None, world: World | None = None) -> FastAPI:
    """Wire the parties to one desk; what is not given comes from the environment."""
    found = settings or SimulatorsSettings()
    reached = world or _real_world(found)
    desk = _desk(found, reached.clock)
    tasks: list[asyncio.Task[None]] = []
    parties = _parties(desk, reached.gates)
    app = web.create_app(
        "Throughline simulators",
        [
            *parties,
            sms.routes(desk, found.sms_account_sid, found.sms_auth_token),
            admin.routes(desk),
        ],
        Guard(reached.verifier, POLICY, frozenset({sms.messages_path(found.sms_account_sid), *_paths(parties)})),
        lifespan=lambda _app: _running(found, reached, desk, tasks),
        checks={"clock": _tells_time(reached.clock), "agenda": _all_run(tasks)},
    )
    app.add_exception_handler(OAuthRefusal, answer_refusal)  # type: ignore[arg-type] # typed for any Exception
    app.middleware_stack = Connected(app.build_middleware_stack())
    return app


def _parties(desk: Desk, gates: Gates) -> list[APIRouter]:
    """What each kind of party offers, behind the doors of its own parties."""
    return [
        payer.routes(desk, gates.entry("payer")),
        office.routes(desk, gates.entry("office")),
        ehr.routes(desk, gates.entry("ehr")),
        gates.routes(),
    ]


def _paths(routers: Sequence[APIRouter]) -> set[str]:
    """Paths that our issuer's tokens have nothing to do with."""
    return {route.path for router in routers for route in router.routes if isinstance(route, APIRoute)}


def _desk(settings: SimulatorsSettings, clock: Clock) -> Desk:
    database = open_database(settings.state_directory)
    orders = Orders(database, settings.seed, settings.fault_rate)
    return Desk(database, Ledger(database), Agenda(database), orders, settings.seed, clock)


@asynccontextmanager
async def _running(
    settings: SimulatorsSettings, world: World, desk: Desk, tasks: list[asyncio.Task[None]]
) -> AsyncIterator[None]:
    """Serve SMTP, follow the clock and carry out the agenda."""
    callbacks = Callbacks(desk.agenda, desk.ledger, world.clock, world.token, settings.sms_auth_token, world.http)
    server = await mail.listen(desk, settings.host, settings.smtp_port)
    follow = _follow(world.clock, settings.clock_poll_s)
    tasks.extend(asyncio.create_task(work) for work in (follow, callbacks.run()))
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    server.close()
    await world.http.aclose()
    desk.database.close()


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
        gates=Gates(register, public, kept_keys(settings.state_directory / "signing.json"), time.time),
        token=Callers(register, settings.tenant, keys / "clients", outbound.issuer_url, http).token,
        http=http,
    )
