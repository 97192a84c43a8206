"""Requests served within the process of a service: its real routes, no sockets, and callers taken at their word.

Blueprints and routes are made once, and wired anew on each life of a replica.
"""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import httpx2
from fastapi import FastAPI

from services.tracking.gateways import Issuer
from shared.effects import ServiceToken
from shared.errors import Rejected, Unavailable
from shared.identity import Caller, Guard, Role, Verifier
from shared.parties import Party
from shared.service import Blueprint, Service
from tests.simulation.determinism import chance
from tests.support.five_services import plans
from tests.support.five_services.keyrings import TENANT
from tests.support.five_services.plans import BY_CODE, OUTSIDE, PAYERS, PROVIDERS
from tests.support.five_services.wiring import app_of

SERVED: ContextVar[Service] = ContextVar("SERVED")
"""The service in whose process a request is served."""


@cache
def blueprints() -> Mapping[str, Blueprint]:
    """What each service consists of, as its app has it; nobody logs in."""
    return plans.blueprints(Issuer(cast("ServiceToken", None), f"{OUTSIDE}/authorize"), pathways=BY_CODE)


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
    made = app_of(blueprints()[service], cast("Verifier", _AtTheirWord()), SERVED.get, random_bytes=chance)
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
