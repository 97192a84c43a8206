"""Tokens for the broker (SASL OAUTHBEARER): our signed assertion is exchanged for one, as it is for counterparties."""

import json
from pathlib import Path
from typing import Final

import httpx2
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

from shared.effects import ServiceToken, signing_key
from shared.errors import Unavailable
from shared.settings import KafkaSettings

_WITHIN_S: Final = 5.0
_KEEPS_NOTHING: Final = httpx2.Limits(max_keepalive_connections=0)
"""Nobody tells a token provider that its client has ended, so it leaves no connection behind."""


class BrokerTokens(AbstractTokenProvider):  # type: ignore[misc]
    """The token of one client of the broker's, asked for again shortly before it ends."""

    def __init__(self, token_url: str, credentials: Path, asks: dict[str, str]) -> None:
        """Read the credentials. Raises OSError or ValueError for a file that holds none."""
        http = httpx2.AsyncClient(timeout=_WITHIN_S, limits=_KEEPS_NOTHING, follow_redirects=False)
        client_id = json.loads(credentials.read_bytes())["client_id"]
        self._token = ServiceToken(client_id, signing_key(credentials), token_url, http, asks=asks)

    async def token(self) -> str:
        """A token that is valid now. Raises what the client takes for a broker that cannot be reached."""
        try:
            return await self._token()
        except Unavailable as error:
            raise KafkaConnectionError("The issuer of the broker's tokens grants none.") from error


def broker_tokens(settings: KafkaSettings) -> BrokerTokens | None:
    """Who gets the tokens, where the broker wants them."""
    if settings.oauth_token_url is None or settings.oauth_credentials_file is None:
        return None
    asked = {"scope": settings.oauth_scope, "audience": settings.oauth_audience}
    asks = {name: value for name, value in asked.items() if value}
    return BrokerTokens(settings.oauth_token_url, settings.oauth_credentials_file, asks)
