"""The parties of the demo, their connections to the simulators, and their clients at our issuer.

The register is `deploy/config/parties.json`; addresses and keys are added on each machine. A real installation writes
all of it by hand, once per counterparty (docs/connections.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from deploy.platform import registry
from shared.identity import audience_of
from shared.parties import Connection, Kind, Party, Register

CONFIG: Final = Path(__file__).resolve().parents[1] / "config"
REGISTER: Final = "parties.json"
_OF: Final = "demo"
_LIST: Final = TypeAdapter(list[Party])


@dataclass(frozen=True, slots=True)
class Registration:
    """A client of our issuer: its roles, and the services for which it may have tokens."""

    roles: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def audiences(self) -> tuple[str, ...]:
        """Those services, as the audiences of tokens."""
        return tuple(audience_of(service) for service in self.services)


CALLS_BACK: Final[Mapping[Kind, Registration]] = {
    "payer": Registration(("service",), ("authorization",)),
    "clearinghouse": Registration(("service",), ("authorization",)),
    "office": Registration(("service", "specialist"), ("scheduling", "intake")),
    "ehr": Registration(("service", "clinician"), ("intake",)),
}
"""What a program of a party may do with us, and where. Written here, since no service says whom it lets in."""


def parties_of(tenant: str) -> tuple[Party, ...]:
    """The parties of the demo, for any tenant."""
    found = Register.from_file(CONFIG / REGISTER).of(_OF)
    return tuple(
        party.model_copy(
            update={
                "tenant": tenant,
                "client_ids": tuple(client.replace(_OF, tenant, 1) for client in party.client_ids),
            }
        )
        for party in found
    )


def key_name(party: Party) -> str:
    """The name of our key for a party: of its file, and its `kid`."""
    return f"{party.tenant}-{party.kind}-{party.id}"


def connected(parties: Iterable[Party], simulators_url: str) -> str:
    """A register as JSON, each party that is asked with its connection: token endpoint, client, key, resource."""
    return _LIST.dump_json([_connected(party, simulators_url) for party in parties], indent=1).decode()


def _connected(party: Party, simulators_url: str) -> Party:
    if not registry.askers_of(party.kind):
        return party
    resource = f"{simulators_url}/parties/{party.tenant}/{party.kind}/{party.id}"
    connection = Connection(
        token_url=f"{resource}/token",
        client_id=f"throughline-{party.tenant}",
        key_file=Path("parties", f"{key_name(party)}.json"),
        resource=resource,
    )
    return party.model_copy(update={"connection": connection})
