"""The tokens of callbacks: each simulated party calls us back by a client and a key of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2

from deploy.simulators.schedule import ScheduledCallback
from deploy.simulators.token_servers import Side
from shared.effects import ServiceToken
from shared.errors import Unavailable
from shared.identity import audience_of
from shared.parties import Party, Register

CALLS: Final[Mapping[str, tuple[Side, str]]] = {
    "authorization": ("payer", "authorization"),
    "office_request": ("office", "scheduling"),
    "visit": ("office", "scheduling"),
    "report": ("office", "intake"),
    "information": ("ehr", "intake"),
    "acknowledgement": ("ehr", "intake"),
}
"""The caller of each kind of callback, and the service that receives it. Text messages are signed otherwise."""


@dataclass
class CallbackTokens:
    """Tokens of our issuer, one line per party and service. `keys` holds the parties' client files."""

    register: Register
    tenant: str
    keys: Path
    issuer_url: str
    http: httpx2.AsyncClient
    _tokens: dict[tuple[str, str], ServiceToken] = field(default_factory=dict)

    async def token(self, callback: ScheduledCallback, owner: str) -> str:
        """A token to make the callback with, of the payer or office that it is filed at. Raises Unavailable."""
        side, service = CALLS[callback.kind]
        party = self._party(side, owner)
        if party is None or not party.client_ids:
            raise Unavailable
        return await self._token(party.client_ids[0], service)()

    def _token(self, client_id: str, service: str) -> ServiceToken:
        if (client_id, service) not in self._tokens:
            credentials = self.keys / f"{client_id}.json"
            token = ServiceToken.from_file(credentials, self.issuer_url, self.http, audience_of(service))
            self._tokens[client_id, service] = token
        return self._tokens[client_id, service]

    def _party(self, side: Side, owner: str) -> Party | None:
        match side:
            case "payer":
                return self.register.payer(self.tenant, owner)
            case "office":
                return self.register.office(self.tenant, owner)
            case "ehr":
                return next((party for party in self.register.of(self.tenant) if party.kind == "ehr"), None)
