"""The ways out: to each party of the register by its own connection, with a credential that nobody else is given.

A party's token endpoint and its API are one counterparty: what is obtained from the one is sent to the other alone.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from shared import audit
from shared.effects.http import NotTaken, exchange
from shared.effects.oauth import ServiceAuth, ServiceToken, signing_key
from shared.effects.transport import AiohttpTransport
from shared.parties import Connection, Kind, Party, Register

TOKEN_WITHIN_S = 5.0
Transport = Callable[[Connection], httpx2.AsyncBaseTransport]


@dataclass(frozen=True)
class Clients:
    """Who there is outside, a client `to` each of them, and a `plain` one for what carries its own credential."""

    register: Register
    to: Callable[[Party], httpx2.AsyncClient]
    plain: httpx2.AsyncClient

    async def exchange(self, party: Party | None, method: str, base_url: str, path: str, **how: Any) -> httpx2.Response:
        """Make one request of a party, at its own endpoint or else below `base_url`.

        Raises what `exchange` raises, and NotTaken where there is no such party or no connection to it.
        """
        if party is None:
            raise NotTaken
        audit.to(f"{party.kind}:{party.id}")
        url = f"{(party.endpoint or base_url).rstrip('/')}/{path}"
        return await exchange(self.to(party), method, url, **how)


class Connections:
    """A client for each party that a service asks, made when the service starts and kept until it ends.

    Parties that want neither a proxy nor a certificate share the connections, never a token.
    """

    def __init__(
        self, register: Register, kinds: Collection[Kind], folder: Path, transport: Transport | None = None
    ) -> None:
        """Read the keys; a relative path is below `folder`. Raises OSError or ValueError for one that is none."""
        self._plain = AiohttpTransport()
        make = transport or self._transport
        self._clients = {
            (party.tenant, party.kind, party.id): _client(connection, make(connection))
            for party in register.parties
            if party.kind in kinds and party.connection
            for connection in (_within(party.connection, folder),)
        }
        self.plain = httpx2.AsyncClient(follow_redirects=False, transport=self._plain)

    def __call__(self, party: Party) -> httpx2.AsyncClient:
        """The client of a party. Raises NotTaken for one to which there is no connection: nothing is sent."""
        client = self._clients.get((party.tenant, party.kind, party.id))
        if client is None:
            raise NotTaken
        return client

    async def aclose(self) -> None:
        """Close all connections."""
        for client in (*self._clients.values(), self.plain):
            await client.aclose()

    def _transport(self, connection: Connection) -> httpx2.AsyncBaseTransport:
        if connection.proxy or connection.client_certificate:
            return AiohttpTransport(connection.proxy, connection.client_certificate, connection.client_key)
        return self._plain


def _within(connection: Connection, folder: Path) -> Connection:
    """The connection with every file where it is."""
    files = ("key_file", "client_certificate", "client_key")
    return connection.model_copy(
        update={name: folder / path for name in files if (path := getattr(connection, name)) is not None}
    )


def _client(connection: Connection, transport: httpx2.AsyncBaseTransport) -> httpx2.AsyncClient:
    """A client that sends this party's token, and neither retries nor follows redirects."""
    asks = {name: value for name in ("scope", "resource", "audience") if (value := getattr(connection, name))}
    token = ServiceToken(
        connection.client_id,
        signing_key(connection.key_file),
        connection.token_url,
        httpx2.AsyncClient(timeout=TOKEN_WITHIN_S, follow_redirects=False, transport=transport),
        asks=asks,
    )
    return httpx2.AsyncClient(auth=ServiceAuth(token, token.forget), follow_redirects=False, transport=transport)
