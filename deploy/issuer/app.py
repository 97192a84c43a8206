"""The issuer's routes, and what wires them."""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from joserfc.jwk import ECKey
from pydantic import BaseModel, Field

from deploy.issuer.assertions import Assertions
from deploy.issuer.codes import Codes, check_redirect
from deploy.issuer.refusals import OAuthRefusal, answer_refusal
from deploy.issuer.registry import PEOPLE, Client, Registry, person
from deploy.issuer.settings import IssuerSettings
from deploy.issuer.signing import Signer
from shared.identity import Guard, Verifier, audience_of
from shared.web import create_app as create_web_app

_OPEN: Final = frozenset({"/authorize", "/token", "/.well-known/jwks.json"})
_TEMPLATES: Final = Jinja2Templates(Path(__file__).parent)


class Authorization(BaseModel):
    """What the console's log-in asks for (RFC 6749 §4.1.1, RFC 7636 §4.3). `person` is who was chosen on the page."""

    client_id: str
    redirect_uri: str
    response_type: str = Field(pattern="^code$")
    code_challenge: str = Field(pattern="^[A-Za-z0-9_-]{43}$")
    code_challenge_method: str = Field(pattern="^S256$")
    state: str = Field(max_length=500)
    person: str | None = None


class Issuer:
    """Signs access tokens for clients that proved who they are."""

    def __init__(
        self, settings: IssuerSettings, epoch_s: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        state = settings.state / "issuer"
        self.settings = settings
        self.registry = Registry.from_file(state / "clients.json")
        self.assertions = Assertions(self.registry, settings.token_urls, epoch_s)
        self.codes = Codes(epoch_s, random_bytes)
        key = ECKey.import_key(json.loads((state / "signing.json").read_bytes()))
        self._signer = Signer(settings.url, key, epoch_s, random_bytes)

    async def jwks(self) -> Mapping[str, Any]:
        """The public half of the signing key."""
        return await self._signer.jwks()

    def grant(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request for a token. Raises OAuthRefusal."""
        client = self.assertions.client(form.get("client_assertion_type"), form.get("client_assertion"))
        match form.get("grant_type"):
            case "client_credentials" if client.roles:
                audience = client.audience(form.get("resource"), form.get("audience"))
                return self._token(client, audience, client.client_id, client.roles)
            case "authorization_code":
                code, redirect_uri, verifier = (
                    str(form.get(name, "")) for name in ("code", "redirect_uri", "code_verifier")
                )
                someone = self.codes.take(client, code, redirect_uri, verifier)
                return self._token(client, list(client.audiences), someone.subject, (someone.role,))
            case _:
                raise OAuthRefusal("unsupported_grant_type")

    def _token(self, client: Client, audience: str | list[str], subject: str, roles: tuple[str, ...]) -> dict[str, Any]:
        """An access token: of the program itself, or of a person for whom it acts."""
        is_program = subject == client.client_id
        return self._signer.grant(
            self.settings.program_token_s if is_program else self.settings.person_token_s,
            aud=audience,
            sub=subject,
            client_id=client.client_id,
            tenant=client.tenant,
            roles=list(roles),
        )


def create_app(
    settings: IssuerSettings | None = None,
    epoch_s: Callable[[], float] = time.time,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> FastAPI:
    """The issuer as an app; without settings they come from the environment."""
    found = settings or IssuerSettings()
    issuer = Issuer(found, epoch_s, random_bytes)
    verifier = Verifier(found.url, audience_of("issuer"), issuer.jwks, epoch_s)
    app = create_web_app("Throughline local issuer", [_routes(issuer)], Guard(verifier, {}, _OPEN))
    app.add_exception_handler(OAuthRefusal, answer_refusal)  # type: ignore[arg-type] # typed for any Exception
    return app


def _routes(issuer: Issuer) -> APIRouter:
    router = APIRouter()

    @router.get("/.well-known/jwks.json")
    async def jwks() -> JSONResponse:
        """Publish the signing key."""
        return JSONResponse(dict(await issuer.jwks()), headers={"Cache-Control": "max-age=60"})

    @router.post("/token")
    async def token(request: Request) -> JSONResponse:
        """Grant a token (RFC 6749 §4.4 and §4.1.3) to a client that signs an assertion.

        `resource` (RFC 8707) or `audience` says for which service; twice the same field is no request (RFC 6749 §3.2).
        """
        async with request.form(max_files=0) as form:
            if len(form.multi_items()) != len(form):
                raise OAuthRefusal("invalid_request")
            return JSONResponse(issuer.grant(dict(form)), headers={"Pragma": "no-cache"})

    @router.get("/authorize", response_class=HTMLResponse)
    async def authorize(request: Request, asked: Annotated[Authorization, Query()]) -> Response:
        """Show the invented people, and send the chosen one back with a code."""
        client = issuer.registry.client(asked.client_id)
        check_redirect(client, asked.redirect_uri)
        if asked.person is None:
            return _page(request, asked)
        code = issuer.codes.give(client, person(asked.person), asked.redirect_uri, asked.code_challenge)
        query = urlencode({"code": code, "state": asked.state})
        return RedirectResponse(f"{asked.redirect_uri}?{query}", status_code=303)

    return router


def _page(request: Request, asked: Authorization) -> Response:
    query = urlencode(asked.model_dump(exclude_none=True))
    links = [(someone, f"?{query}&{urlencode({'person': someone.subject})}") for someone in PEOPLE]
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return _TEMPLATES.TemplateResponse(
        request, "authorize.html", {"links": links}, headers={"Content-Security-Policy": policy}
    )
