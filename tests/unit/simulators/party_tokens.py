"""The token servers of the parties that these tests ask, and a client that presents a token of each."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import httpx2
from joserfc.jwk import ECKey

from deploy.platform.parties import key_name
from deploy.simulators.token_servers import TokenServers
from shared.parties import Connection, Party, Register

ADDRESS: Final = "http://simulators.example"
OURS: Final = ECKey.generate_key("P-384", {"kid": "ours"})


def _party(kind: Any, id_: str, **more: Any) -> Party:
    name = f"{ADDRESS}/parties/demo/{kind}/{id_}"
    connection = Connection(
        token_url=f"{name}/token", client_id="throughline-demo", key_file=Path("unread"), resource=name
    )
    client = f"demo-{kind}-{id_}"
    return Party(tenant="demo", kind=kind, id=id_, client_ids=(client,), connection=connection, **more)


REGISTER: Final = Register(
    (
        *(_party("payer", id_) for id_ in ("acme", "other", "p")),
        *(_party("office", id_, provider_refs=(id_,)) for id_ in ("office-1", "office-2", "o")),
        _party("ehr", "main-ehr"),
    )
)


def token_servers() -> TokenServers:
    """One per party; all of them know us by one key."""
    public = {key_name(party): OURS.as_dict(private=False) for party in REGISTER.parties}
    return TokenServers(REGISTER, public, lambda name: ECKey.generate_key("P-384", {"kid": name}), time.time)


def party_at(path: str) -> Party:
    """The party that a path of the simulators names."""
    side, _, rest = path.strip("/").partition("/")
    kind: Any = {"payers": "payer", "offices": "office", "ehr": "ehr"}[side]
    found = REGISTER.named("demo", kind, rest.partition("/")[0] if kind != "ehr" else "main-ehr")
    if found is None:
        raise LookupError(path)
    return found


def token(servers: TokenServers, party: Party) -> str:
    """A token that this party believes."""
    server = servers.of(party)
    who = {"sub": "throughline-demo", "client_id": "throughline-demo", "tenant": "demo", "roles": ["service"]}
    return str(server.signer.grant(300, aud=server.signer.issuer, **who)["access_token"])


class Presenting(httpx2.Auth):
    """Presents to each party the token that it believes, unless the request has one already."""

    def __init__(self, servers: TokenServers) -> None:
        self._token_servers = servers
        self._tokens: dict[str, str] = {}

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Attach it."""
        path = request.url.path
        if "Authorization" not in request.headers and path.split("/")[1] in ("payers", "offices", "ehr"):
            party = party_at(path)
            if party.id not in self._tokens:
                self._tokens[party.id] = token(self._token_servers, party)
            request.headers["Authorization"] = f"Bearer {self._tokens[party.id]}"
        yield request
