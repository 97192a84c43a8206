"""The real services in one process: blueprints and routes are made once, and wired anew on each life of a replica."""

import base64
import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr

from deploy.platform.keys import AUDIENCES
from services.authorization import app as authorization
from services.authorization.settings import OwnSettings as AuthorizationOwn
from services.intake import app as intake
from services.intake.settings import OwnSettings as IntakeOwn
from services.notifications import app as notifications
from services.notifications.settings import LetterheadSettings, MailSettings, SmsSettings
from services.scheduling import app as scheduling
from services.scheduling.settings import OwnSettings as SchedulingOwn
from services.tracking import app as tracking
from services.tracking.gateways import Issuer
from shared.effects import ServiceToken
from shared.errors import Rejected, Unavailable
from shared.identity import Caller, Guard, Role, Verifier
from shared.parties import Party
from shared.sealing import Keyring, Opening
from shared.service import Blueprint, Service, operations
from shared.service.assembly import guard_of
from shared.web import create_app
from tests.simulation.determinism import chance

CONFIG = Path(__file__).parents[3] / "deploy/config"
TENANT = "demo"
OUTSIDE = "http://outside.example"
ADDRESSES = {name: f"http://{name}.example" for name in ("intake", "authorization", "scheduling", "notifications")}
SMS = SmsSettings(
    auth_token=SecretStr("invented"), sender="+12025550100", url=OUTSIDE, callback_url=ADDRESSES["notifications"]
)
PROVIDERS = tuple(
    each["provider_ref"] for each in json.loads((Path(__file__).parent / "directory.json").read_bytes())["providers"]
)
PAYERS = tuple(each["id"] for each in json.loads((CONFIG / "payers.json").read_bytes())["payers"])
SERVED: ContextVar[Service] = ContextVar("SERVED")
"""The service in whose process a request is served."""

LETTERHEAD = LetterheadSettings(sender_name="Sample Health", phone="+12025550100")
MAIL = MailSettings(sender="care@sample.example", security="none")


@cache
def blueprints() -> Mapping[str, Blueprint]:
    """What each service consists of, as its app has it."""
    nobody = Issuer(cast("ServiceToken", None), f"{OUTSIDE}/authorize")
    directory, payers = Path(__file__).parent / "directory.json", CONFIG / "payers.json"
    plans = (
        intake.blueprint(
            IntakeOwn(
                ehr_url=OUTSIDE,
                public_url=ADDRESSES["intake"],
                pathways_file=directory.with_name("pathways_by_code.json"),
            )
        ),
        authorization.blueprint(
            AuthorizationOwn(payer_url=OUTSIDE, public_url=ADDRESSES["authorization"], payers_file=payers)
        ),
        scheduling.blueprint(
            SchedulingOwn(
                offices_url=OUTSIDE,
                public_url=ADDRESSES["scheduling"],
                reports_url=ADDRESSES["intake"],
                directory_file=directory,
            )
        ),
        notifications.blueprint(LETTERHEAD, SMS, MAIL),
        tracking.blueprint(nobody),
    )
    return {plan.name: plan for plan in plans}


@cache
def keyring(service: str) -> Keyring:
    """The keys of a service: the same in every run, so that every run has the same referrals."""
    return audited_keyring(service, lambda _opening: None)


def audited_keyring(service: str, audit: Callable[[Opening], None]) -> Keyring:
    """The same keys, in a ring that tells each opening of a seal."""
    keys = [_key(f"{TENANT}:{audience}:1") for audience in AUDIENCES[service]]
    return Keyring({"keys": keys}, audit)


def _key(kid: str) -> Mapping[str, str]:
    secret = base64.urlsafe_b64encode(sha256(kid.encode()).digest()).rstrip(b"=").decode()
    return {"kty": "oct", "kid": kid, "k": secret}


class _AtTheirWord:
    """Believes what callers say of themselves: who may do what, and what is whose, is tested elsewhere.

    An office is that of the provider whose name begins its own, else that of every provider; a payer's program
    speaks for whom the address names.
    """

    async def verify(self, token: str) -> Caller:
        """The caller of a token that is its role and its name."""
        name, _, subject = token.partition(":")
        role = Role(name)
        return Caller(TENANT, subject, frozenset({role}), party=_party(role, subject))


def _party(role: Role, subject: str) -> Party | None:
    match role:
        case Role.PAYER:
            return Party(tenant=TENANT, kind="clearinghouse", id="payers", payers=(*PAYERS, "unlisted-*", "unknown"))
        case Role.OFFICE | Role.SPECIALIST:
            named = subject.partition(".")[0]
            refs = (named,) if named in PROVIDERS else PROVIDERS
            return Party(tenant=TENANT, kind="office", id="offices", provider_refs=refs)
        case Role.EHR:
            return Party(tenant=TENANT, kind="ehr", id=subject)
    return None


class _State:
    """What routes find behind `app.state`: the service of the process that they run in."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    @property
    def service(self) -> Service:
        """The service."""
        return SERVED.get()


@cache
def app(service: str) -> FastAPI:
    """The routes of a service."""
    plan = blueprints()[service]
    guard = guard_of(plan, cast("Verifier", _AtTheirWord()), SERVED.get)
    made = create_app(service, [*plan.routers, operations.router], guard, random_bytes=chance)
    made.state = _State(made.state.guard)  # type: ignore[assignment] # routes ask it for these two alone
    return made


@dataclass(frozen=True)
class Said:
    """What a route answered."""

    status: int
    body: Any


async def served(made: FastAPI, service: Service, request: httpx2.Request) -> Said:
    """Have a request served in the process of a service. Raises Unavailable for 503, Rejected for 4xx."""
    SERVED.set(service)
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": request.content, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await made(_scope(request), receive, send)  # type: ignore[arg-type] # mappings are all that it needs
    status, body = sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
    said = Said(status, json.loads(body) if body else None)
    if status == httpx2.codes.SERVICE_UNAVAILABLE:
        raise Unavailable
    if httpx2.codes.is_client_error(status):
        raise Rejected(str(status), said.body.get("code", "refused in FHIR"))
    if not httpx2.codes.is_success(status):
        raise AssertionError(f"{request.method} {request.url.path} answered {status}")
    return said


def _scope(request: httpx2.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
