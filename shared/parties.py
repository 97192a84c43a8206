"""Who is on the other side: the payers, clearinghouses, offices, EHRs, gateways and programs of each tenant.

One register, kept as configuration, answers two questions: whose program sends this token, and who is asked for this
payer or this provider. Nothing that a token or an order claims of itself ever makes a party, and no rule about what a
party may do stands here: that is in `identity`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, model_validator

Kind = Literal["payer", "clearinghouse", "office", "ehr", "gateway", "subscriber", "internal"]

_UNLISTED: Final = "unlisted-*"
_ALIAS: Final = "unlisted-"
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
_PayerId = Annotated[str, StringConstraints(pattern=r"^(unlisted-\*|[a-z0-9][a-z0-9-]{0,63})$")]
_Tenant = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{1,30}$")]
_Subject = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^?#\s]+$")]


class _Entry(BaseModel):
    """A part of the register: what is misspelt is refused, since a forgotten field is a closed or an open door."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Connection(_Entry):
    """How we prove to a party who we are: its own token endpoint, and our client there (SMART Backend Services).

    `key_file` holds `{"client_id", "jwk"}` or the JWK alone. `resource` is the parameter of RFC 8707; `audience` is
    for servers that ask for it by that name. `client_certificate` and `client_key` are PEM files for mutual TLS.
    """

    token_url: _Url
    client_id: _Subject
    key_file: Path
    scope: str | None = None
    resource: str | None = None
    audience: str | None = None
    proxy: str | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None


class Party(_Entry):
    """One counterparty, or one program, of a tenant.

    `client_ids`: subjects and client ids of the tokens that OUR issuer gives its programs and, for an office, its
    people. `payers`: the payer ids that it speaks for beside its own; `unlisted-*` stands for every payer that no list
    names. `provider_refs`: the providers of the directory whose office it is. `identifier_systems`: the number systems
    under which an EHR may place orders. `endpoint`: base URL of its API; none: where the service's settings say.
    """

    tenant: _Tenant
    kind: Kind
    id: _Id
    client_ids: tuple[_Subject, ...] = ()
    payers: tuple[_PayerId, ...] = ()
    provider_refs: tuple[str, ...] = ()
    identifier_systems: tuple[str, ...] = ()
    endpoint: _Url | None = None
    connection: Connection | None = None

    @model_validator(mode="after")
    def _has_only_what_its_kind_has(self) -> Self:
        """Refuse fields that would never be read: they would look as if they allowed something."""
        for field, kinds in _OF_KINDS.items():
            if getattr(self, field) and self.kind not in kinds:
                raise ValueError(f"A party of kind {self.kind} has no {field}.")
        # An alias follows from a tenant's key: nobody can list it, and whoever could would be a second answer.
        if any(payer.startswith(_ALIAS) for payer in {self.id, *self.payers} - {_UNLISTED}):
            raise ValueError("Payers that no list names are spoken for together, as unlisted-*.")
        return self

    def speaks_for(self, payer_id: str) -> bool:
        """Whether this party is the one that is asked for a payer."""
        if self.kind not in _OF_KINDS["payers"]:
            return False
        name = _UNLISTED if payer_id.startswith(_ALIAS) else payer_id
        return name in self.payers or (self.kind == "payer" and payer_id == self.id)


_OF_KINDS: Final[dict[str, frozenset[str]]] = {
    "payers": frozenset({"payer", "clearinghouse"}),
    "provider_refs": frozenset({"office"}),
    "identifier_systems": frozenset({"ehr"}),
}
_Name = tuple[str, str, str]
"""Tenant, name space, name."""

_PARTIES: Final = TypeAdapter(tuple[Party, ...])


class DuplicateParty(ValueError):
    """The register says two things of one name. The message says which name, and holds nothing secret."""


class Register:
    """The parties of every tenant, found by whatever names them."""

    def __init__(self, parties: Iterable[Party] = ()) -> None:
        """Index the parties. Raises DuplicateParty if two share an id, a client, a payer, a provider or a system."""
        self.parties = tuple(parties)
        self._found = dict(_by_every_name(self.parties))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a list of parties. Raises pydantic's ValidationError, DuplicateParty, or OSError."""
        return cls(_PARTIES.validate_json(path.read_bytes()))

    def of_client(self, tenant: str, client_id: str) -> Party | None:
        """Whose program, or which office's person, has tokens with this client id or subject."""
        return self._found.get((tenant, "client", client_id))

    def payer(self, tenant: str, payer_id: str) -> Party | None:
        """Who is asked for a payer: itself, or who speaks for it; an alias is asked where unlisted payers are."""
        return self._found.get((tenant, "payer", _UNLISTED if payer_id.startswith(_ALIAS) else payer_id))

    def office(self, tenant: str, provider_ref: str) -> Party | None:
        """Whose office a provider is in."""
        return self._found.get((tenant, "provider", provider_ref))

    def ehr(self, tenant: str, party_id: str) -> Party | None:
        """The EHR of that id."""
        return self.named(tenant, "ehr", party_id)

    def named(self, tenant: str, kind: Kind, party_id: str) -> Party | None:
        """The party of that kind and id."""
        return self._found.get((tenant, kind, party_id))

    def of(self, tenant: str) -> tuple[Party, ...]:
        """Every party of a tenant."""
        return tuple(party for party in self.parties if party.tenant == tenant)


def _by_every_name(parties: Iterable[Party]) -> Iterator[tuple[_Name, Party]]:
    seen: set[_Name] = set()
    for party in parties:
        for name in _names(party):
            if name in seen:
                raise DuplicateParty(f"The register names {name[1]} {name[2]} of tenant {name[0]} twice.")
            seen.add(name)
            yield name, party


def _names(party: Party) -> Iterator[_Name]:
    """What finds a party. A payer's own id is also that of a payer who is asked; saying it again adds nothing."""
    yield party.tenant, party.kind, party.id
    yield from ((party.tenant, "payer", payer) for payer in party.payers if party.kind != "payer" or payer != party.id)
    yield from ((party.tenant, "client", client) for client in party.client_ids)
    yield from ((party.tenant, "provider", provider) for provider in party.provider_refs)
    yield from ((party.tenant, "system", system) for system in party.identifier_systems)
