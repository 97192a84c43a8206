"""The token endpoints of the simulated parties: each has a key and a name of its own, and believes no others.

Our services are clients here, by the keys that were registered with each party (SMART Backend Services).
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from deploy.issuer.assertions import Assertions
from deploy.issuer.refusals import OAuthRefusal
from deploy.issuer.registry import Client, Registry
from deploy.issuer.signing import Signer
from deploy.platform.keys import write_private
from deploy.platform.parties import key_name
from shared.identity import Unauthenticated, Verifier
from shared.parties import Party, Register

Side = Literal["payer", "office", "ehr"]
TOKEN_LIVES_S: Final = 300
TOKEN_PATH: Final = "/parties/{tenant}/{kind}/{party_id}/token"  # noqa: S105 - a path
_BEARER: Final = HTTPBearer(auto_error=False, bearerFormat="JWT")


@dataclass(frozen=True)
class TokenServer:
    """One party as an authorization server: who may have tokens, who signs them, and what is believed."""

    party: Party
    assertions: Assertions
    signer: Signer
    verifier: Verifier

    def grant(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request for a token (RFC 6749 §4.4). Raises OAuthRefusal."""
        client = self.assertions.client(form.get("client_assertion_type"), form.get("client_assertion"))
        if form.get("grant_type") != "client_credentials":
            raise OAuthRefusal("unsupported_grant_type")
        audience = client.audience(form.get("resource"), form.get("audience"))
        who = {"sub": client.client_id, "client_id": client.client_id, "tenant": client.tenant}
        return self.signer.grant(TOKEN_LIVES_S, aud=audience, roles=["service"], **who)


class TokenServers:
    """Those of all parties of a register. `public` are our keys as the parties know them, by `kid`."""

    def __init__(
        self,
        register: Register,
        public: Mapping[str, Mapping[str, Any]],
        own: Callable[[str], ECKey],
        epoch_s: Callable[[], float],
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.register = register
        self._epoch_s, self._random_bytes = epoch_s, random_bytes
        made = (
            self._server(party, public[key_name(party)], own(key_name(party)))
            for party in register.parties
            if party.connection
        )
        self._by_issuer = {server.signer.issuer: server for server in made}

    def of(self, party: Party) -> TokenServer:
        """The one of a party. Raises KeyError where it has none."""
        return self._by_issuer[_name(party)]

    def _server(self, party: Party, ours: Mapping[str, Any], own: ECKey) -> TokenServer:
        connection = party.connection
        if connection is None:
            raise KeyError(f"There is no way to {party.id}.")
        name = _name(party)
        client = Client(
            client_id=connection.client_id, tenant=party.tenant, roles=("service",), audiences=(name,), jwk=dict(ours)
        )
        signer = Signer(name, own, self._epoch_s, self._random_bytes)
        assertions = Assertions(Registry([client]), [connection.token_url], self._epoch_s)
        return TokenServer(party, assertions, signer, Verifier(name, name, signer.jwks, self._epoch_s))

    def entry(self, side: Side) -> Any:
        """Let in who has a token of the very party that is asked, for that party. Raises Unauthenticated."""

        async def check(
            request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
        ) -> None:
            if bearer is None:
                raise Unauthenticated(has_token=False)
            server = self._by_issuer.get(_issuer_of(bearer.credentials))
            if server is None or self._asked(side, server.party, request.path_params) != server.party:
                raise Unauthenticated(has_token=True)
            await server.verifier.verify(bearer.credentials)

        return Depends(check)

    def _asked(self, side: Side, party: Party, path_params: Mapping[str, str]) -> Party | None:
        """The party that a path names, among those of the tenant."""
        match side:
            case "payer":
                return self.register.payer(party.tenant, path_params["payer_id"])
            case "office":
                return self.register.office(party.tenant, path_params["owner"])
            case "ehr":
                return party if party.kind == "ehr" else None

    def routes(self) -> APIRouter:
        """The token endpoints."""
        router = APIRouter(tags=["tokens"])

        @router.post(TOKEN_PATH)
        async def token(tenant: str, kind: str, party_id: str, request: Request) -> JSONResponse:
            """Grant a token of one party."""
            found = [
                server
                for server in self._by_issuer.values()
                if (server.party.tenant, server.party.kind, server.party.id) == (tenant, kind, party_id)
            ]
            async with request.form(max_files=0) as form:
                if not found or len(form.multi_items()) != len(form):
                    raise OAuthRefusal("invalid_request")
                return JSONResponse(found[0].grant(dict(form)), headers={"Pragma": "no-cache"})

        return router


def _name(party: Party) -> str:
    """A party as its tokens name it: issuer and audience in one, since it is its own authorization server."""
    if party.connection is None or party.connection.resource is None:
        raise KeyError(f"There is no way to {party.id}.")
    return party.connection.resource


def _issuer_of(token: str) -> str:
    """Whose token it says that it is; nothing is believed yet."""
    try:
        return str(json.loads(jws.extract_compact(token.encode()).payload)["iss"])
    except (JoseError, ValueError, TypeError, KeyError):
        raise Unauthenticated(has_token=True) from None


def kept_keys(file: Path) -> Callable[[str], ECKey]:
    """The parties' own signing keys by name, made when first asked for and kept in the file across restarts."""
    kept: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}

    def key(name: str) -> ECKey:
        if name not in kept:
            kept[name] = ECKey.generate_key("P-384", {"kid": name, "use": "sig", "alg": "ES384"}).as_dict(private=True)
            write_private(file, kept)
        return ECKey.import_key(kept[name])

    return key
