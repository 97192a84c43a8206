"""The parties of the tests: two payers and who speaks for the others, two offices, two EHRs, and our own programs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from shared.identity import Role
from shared.identity.caller import ROLE_OF_KIND
from shared.parties import Party, Register

TENANTS: Final = ("demo", "other", "rival")
LISTED: Final = ("medicaid", "dual-eligible", "harborlight-advantage", "alder-valley", "bluecedar-mutual", "acme")
_DIRECTORY: Final = Path(__file__).parents[2] / "deploy/config/directory.json"
_SHIPPED: Final = tuple(each["provider_ref"] for each in json.loads(_DIRECTORY.read_bytes())["providers"])
OFFICES: Final[Mapping[str, tuple[str, ...]]] = {
    "near": ("pr-near", "pr-house", "pr-away", "pr-new", "pr-1", *_SHIPPED),
    "far": ("pr-late", "pr-far", "pr-other"),
}
PERSON: Final = "sam.sample"
"""Who calls where a test names nobody; as a specialist, of the office `near`."""


def _parties(tenant: str) -> Iterator[Party]:
    def of(kind: str, id_: str, *people: str, **more: tuple[str, ...]) -> Party:
        client_ids = (client_of(tenant, id_), *people)
        return Party.model_validate({"tenant": tenant, "kind": kind, "id": id_, "client_ids": client_ids, **more})

    yield of("payer", "medicare")
    yield from (of("payer", payer) for payer in LISTED)
    yield of("clearinghouse", "clearinghouse", payers=("unlisted-*", "unknown"))
    yield of("office", "near", PERSON, provider_refs=OFFICES["near"])
    yield of("office", "far", "fay.faraway", provider_refs=OFFICES["far"])
    yield of("ehr", "main-ehr")
    yield of("ehr", "second-ehr")
    yield of(
        "ehr", "bound-ehr", identifier_systems=(f"urn:example:{tenant}:orders", "https://ehr.example/ServiceRequest")
    )
    yield of("gateway", "sms")
    yield of("subscriber", "warehouse")
    yield of("internal", "cli")


def client_of(tenant: str, party: str) -> str:
    """The client id of a party's program."""
    return f"{tenant}-{party}"


PARTIES: Final = Register(party for tenant in TENANTS for party in _parties(tenant))
FIRST: Final[Mapping[Role, str]] = {
    role: next(party.id for party in PARTIES.of("demo") if ROLE_OF_KIND[party.kind] is role)
    for role in dict.fromkeys(ROLE_OF_KIND.values())
}
"""The party whose program calls where a test names none, by the role that it has."""
