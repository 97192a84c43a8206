"""Ways out for tests: whoever is asked for is a party, and all that is sent goes through one client."""

import httpx2

from shared.effects import Clients
from shared.parties import Party, Register


class Everybody(Register):
    """A register in which every payer and every provider is a party of its own, and each tenant has one EHR."""

    def payer(self, tenant: str, payer_id: str) -> Party | None:
        """The payer; those that no list names are spoken for together."""
        if payer_id.startswith("unlisted-"):
            return Party(tenant=tenant, kind="payer", id="everybody-else", payers=("unlisted-*",))
        return Party(tenant=tenant, kind="payer", id=payer_id)

    def office(self, tenant: str, provider_ref: str) -> Party | None:
        """The provider's own office."""
        return Party(tenant=tenant, kind="office", id=provider_ref)

    def ehr(self, tenant: str, party_id: str) -> Party | None:
        """The EHR of that id."""
        return Party(tenant=tenant, kind="ehr", id=party_id)

    def of(self, tenant: str) -> tuple[Party, ...]:
        """The tenant's EHR."""
        return (Party(tenant=tenant, kind="ehr", id="main-ehr"),)


def everybody(http: httpx2.AsyncClient) -> Clients:
    """Lines to everybody, all through one client, which has whatever credential it has."""
    return Clients(Everybody(), lambda _party: http, http)
