"""Logging in and out: a cookie that scripts cannot read holds the bearer token, so pages and API ask the same guard."""

import hmac
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from services.tracking.api.access import SESSION, MayRead
from services.tracking.api.console import render
from services.tracking.gateways import Attempt, Issuer, LogInRefused
from shared.identity import Unauthenticated, put_on_record

CALLBACK: Final = "/login/callback"
START: Final = "/login/start"
OPEN_PATHS: Final = frozenset({SESSION.login_path, START, CALLBACK})
_ATTEMPT: Final = "throughline_login"
_ATTEMPT_S: Final = 600


class Returned(BaseModel):
    """What the issuer sends the browser back with (RFC 6749 §4.1.2)."""

    code: str = Field(default="", max_length=2000)
    state: str = Field(default="", max_length=500)


def routes(issuer: Issuer) -> APIRouter:
    """The routes for people of this issuer."""
    router = APIRouter(include_in_schema=False)

    @router.get(SESSION.login_path)
    async def login(request: Request) -> Response:
        """The page that everybody sees who has no session."""
        return render(request, "login.html", was_refused=False)

    @router.get(START)
    async def start(request: Request) -> Response:
        """Send the browser to the issuer."""
        attempt, url = issuer.begin(_callback_of(request))
        response = RedirectResponse(url, status_code=303)
        _remember(request, response, _ATTEMPT, f"{attempt.state}.{attempt.verifier}", _ATTEMPT_S)
        return response

    @router.get(CALLBACK)
    async def callback(request: Request, returned: Annotated[Returned, Query()]) -> Response:
        """Redeem the code if this browser began the attempt that it belongs to."""
        try:
            attempt = _attempt_of(request, returned.state)
            session = await issuer.redeem(returned.code, attempt.verifier, _callback_of(request))
            await _put_on_record(request, session.access_token)
        except LogInRefused:
            return render(request, "login.html", status=403, was_refused=True)
        response = RedirectResponse("/", status_code=303)
        _remember(request, response, SESSION.cookie, session.access_token, session.expires_in)
        response.delete_cookie(_ATTEMPT, path=SESSION.login_path)
        return response

    @router.post("/logout")
    async def logout(caller: MayRead) -> Response:
        """Forget the session."""
        del caller
        response = RedirectResponse(SESSION.login_path, status_code=303)
        response.delete_cookie(SESSION.cookie)
        return response

    return router


async def _put_on_record(request: Request, token: str) -> None:
    """Who has logged in. A token that our own guard does not believe opens nothing, and is no log-in."""
    with suppress(Unauthenticated):
        put_on_record(await request.app.state.guard.verifier.verify(token), "log_in")


def _callback_of(request: Request) -> str:
    return str(request.url.replace(path=CALLBACK, query="", fragment=""))


def _attempt_of(request: Request, state: str) -> Attempt:
    """The attempt that this browser began. Raises LogInRefused when it began none, or another."""
    kept, _, verifier = request.cookies.get(_ATTEMPT, "").partition(".")
    if not (kept and verifier and hmac.compare_digest(kept.encode(), state.encode())):
        raise LogInRefused
    return Attempt(kept, verifier)


def _remember(request: Request, response: Response, name: str, value: str, lifetime_s: int) -> None:
    """Lax, since the way back from the issuer is a navigation from another site."""
    response.set_cookie(
        name,
        value,
        max_age=lifetime_s,
        path=SESSION.login_path if name == _ATTEMPT else "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
