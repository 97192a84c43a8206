"""Calls the issuer for the console: people log in by authorization code with PKCE (RFC 6749 §4.1, RFC 7636)."""

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

import httpx2
from pydantic import BaseModel, Field, ValidationError

from shared.effects import ASSERTION_TYPE, ServiceToken, assertion
from shared.errors import Unavailable

_SECRET_BYTES: Final = 32


class LogInRefused(Exception):
    """The issuer refused this log-in."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The cookie of a log-in: `state` against forged returns, `verifier` against stolen codes."""

    state: str
    verifier: str


class Session(BaseModel):
    """The issuer's grant: a bearer token, and its lifetime."""

    access_token: str = Field(min_length=1)
    expires_in: int = Field(gt=0)


class Issuer:
    """Sends people to the issuer, and redeems what they bring back. `client` is the console's own registration."""

    def __init__(self, client: ServiceToken, authorize_url: str) -> None:
        self._client = client
        self._authorize_url = authorize_url

    def begin(self, redirect_uri: str) -> tuple[Attempt, str]:
        """A new attempt, and where to send the browser."""
        attempt = Attempt(self._secret(), self._secret())
        asked = {
            "client_id": self._client.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "code_challenge": _unpadded(sha256(attempt.verifier.encode()).digest()),
            "code_challenge_method": "S256",
            "state": attempt.state,
        }
        return attempt, f"{self._authorize_url}?{urlencode(asked)}"

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> Session:
        """Exchange a code for a token. Raises LogInRefused, or Unavailable when the issuer does not answer."""
        client = self._client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(
                client.client_id, client.key, client.token_url, client.epoch_s(), client.random_bytes
            ),
        }
        try:
            answer = await client.http.post(client.token_url, data=form)
        except httpx2.HTTPError:
            raise Unavailable from None
        if answer.is_server_error:
            raise Unavailable
        try:
            return Session.model_validate_json(answer.content)
        except ValidationError:
            raise LogInRefused from None

    def _secret(self) -> str:
        return _unpadded(self._client.random_bytes(_SECRET_BYTES))


def _unpadded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
