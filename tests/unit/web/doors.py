"""A small service for the tests of the HTTP kit, with a route for each way in and each way to fail."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import httpx2
from fastapi import APIRouter, FastAPI, Form, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import (
    Busy,
    Conflict,
    Mismatched,
    NotFound,
    Rejected,
    Stale,
    Unavailable,
    Unknown,
    Unreadable,
)
from shared.identity import AccessPolicy, Caller, Role, permit
from shared.sealing import SealingError
from shared.telemetry import Metrics, current_traceparent
from shared.web import Check, Flaw, IdempotencyKey, Malformed, body, create_app, etag, idempotency, if_match, raw_body
from tests.support.callers import Issuer, client_of

CANARY = "Zephyrine-Quillfeather-1931"
POLICY: AccessPolicy = {"use": frozenset({Role.COORDINATOR})}
REFERRAL = "demo-" + "a" * 26


class Coded(BaseModel):
    """Told apart by `kind`."""

    kind: Literal["coded"]
    code: int


class Written(BaseModel):
    """Told apart by `kind`."""

    kind: Literal["written"]
    text: str = Field(max_length=5, pattern="^[a-z]+$")


class Item(BaseModel):
    """One item of a request."""

    status: Literal["active", "draft"]
    value: float = 0


class Order(BaseModel):
    """A body with every kind of member in which something can go wrong."""

    model_config = ConfigDict(extra="forbid")

    request_id: str
    items: list[Item] = []
    reason: Coded | Written | None = Field(default=None, discriminator="kind")
    either: int | Item | None = None
    free: dict[str, int] = {}
    anything: Any = None


class Filter(BaseModel):
    """Parameters as a model that knows no others."""

    model_config = ConfigDict(extra="forbid")

    queue: str = "all"


FAILURES: dict[str, Exception] = {
    "rejected": Rejected("not_now", "A closed referral cannot be cancelled."),
    "missing": NotFound("unknown_referral", "There is no such referral."),
    "conflict": Conflict("other_content", "The same order came with other content."),
    "stale": Stale("stale", "The referral has changed."),
    "mismatched": Mismatched("key_reused", "The same key came with another body."),
    "busy": Busy(3),
    "unavailable": Unavailable(7),
    "unknown": Unknown("no answer"),
    "unreadable": Unreadable("/entry/0/resource", "holds no ServiceRequest"),
    "malformed": Malformed(422, "invalid", "The body is not valid.", [Flaw("/entry/1", "missing", "is required")]),
    "keyless": SealingError("no_key"),
    "heavy": SealingError("too_large"),
    "closed": SealingError("cannot_open"),
    "unhandled": RuntimeError(CANARY),
    "chained": ExceptionGroup(CANARY, [KeyError(CANARY)]),
}


router = APIRouter(dependencies=[permit("use")])


@router.post("/v1/orders")
async def take_order(given: Annotated[Order, body(Order)]) -> dict[str, Any]:
    """Give back what was understood."""
    return given.model_dump()


@router.post("/v1/referrals/{referral_id}/orders")
async def take_keyed_order(
    referral_id: str,
    caller: Annotated[Caller, permit("use")],
    given: Annotated[Order, body(Order)],
    key: Annotated[IdempotencyKey, idempotency()],
) -> dict[str, Any]:
    """Tell which command this is."""
    del given
    return {"id": referral_id, "command": key.command_id(caller), "print": key.fingerprint}


@router.post("/v1/optional")
async def take_without_key(
    key: Annotated[IdempotencyKey | None, idempotency(required=False)],
) -> dict[str, Any]:
    """Tell whether there was a key."""
    return {"has_key": key is not None}


@router.put("/v1/strict")
async def replace(seen: Annotated[int | None, if_match(required=True)], response: Response) -> dict[str, Any]:
    """Tell which version was seen, and answer with the next."""
    response.headers["ETag"] = etag((seen or 0) + 1)
    return {"seen": seen}


@router.post("/v1/form")
async def take_form(status: Annotated[str, Form()]) -> dict[str, str]:
    """Give back the field."""
    return {"status": status}


@router.get("/v1/list")
async def show_list(limit: Annotated[int, Query(le=100)] = 5) -> dict[str, int]:
    """Give back the parameter."""
    return {"limit": limit}


@router.get("/v1/filtered")
async def show_filtered(chosen: Annotated[Filter, Query()]) -> dict[str, str]:
    """Give back the parameter."""
    return {"queue": chosen.queue}


@router.get("/v1/trace")
async def show_trace() -> dict[str, str | None]:
    """Tell the trace that the work belongs to."""
    return {"traceparent": current_traceparent()}


@router.post("/v1/fail/{how}")
@router.post("/fhir/R4/fail/{how}")
async def fail(how: str) -> None:
    """Fail in one of the ways."""
    raise FAILURES[how]


@router.post("/fhir/R4")
async def take_bundle(given: Annotated[Order, body(Order)]) -> dict[str, Any]:
    """Give back what was understood."""
    return given.model_dump()


@router.post("/v1/raw")
async def take_raw(request: Request) -> dict[str, int]:
    """Tell how much came."""
    return {"bytes": len(await raw_body(request))}


def service(issuer: Issuer, metrics: Metrics | None = None, checks: Mapping[str, Check] | None = None) -> FastAPI:
    """The app."""
    return create_app("Doors", [router], issuer.guard(POLICY), metrics=metrics, checks=checks)


def coordinator(app: FastAPI, issuer: Issuer) -> httpx2.AsyncClient:
    """A client that may use every route and sends JSON."""
    headers = issuer.headers(Role.COORDINATOR)
    return client_of(app, **{**headers, "Content-Type": "application/json"})
