"""The HTTP client of payers: their addresses, our callback addresses, and the seals that a request may open."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from services.authorization.domain import Case, PolicyOnFile
from shared.capabilities import Capabilities
from shared.contracts.language import tenant_of
from shared.contracts.sealed import Clinical, CoverageDetails
from shared.effects import Clients, rest
from shared.errors import Unknown
from shared.ports import Answer, Call
from shared.sealing import Keyring

TIMEOUT_S: Final = 15.0
"""Da Vinci PAS: a payer should answer within 15 seconds, the network included."""

Read = TypeVar("Read", bound=BaseModel)
_WHO_OF_THE_INSURED: Final = ("group", "subscriber_id", "relationship", "dependent")
"""The data that tell a dependent from the subscriber with the same number (X12 270: loops 2000C and 2000D)."""


@dataclass(frozen=True)
class Callbacks:
    """The capabilities in the callback addresses: one per payer and request."""

    keyring: Keyring

    def address(self, url: str, referral_id: str, payer: str, request_id: str) -> str:
        """The capability for one payer and one request."""
        return Capabilities(self.keyring, "coverage").address(url, request_id, referral_id, payer)

    def is_given(self, shown: str, referral_id: str, payer: str, request_id: str) -> bool:
        """Whether this capability was given to this payer for this request."""
        return Capabilities(self.keyring, "coverage").is_one(shown, request_id, referral_id, payer)


@dataclass(frozen=True)
class Payers:
    """Addresses of payers, our callback addresses, and the keys for the seals that requests need."""

    clients: Clients
    payer_url: str
    public_url: str
    keyring: Keyring

    async def inquire(self, tenant: str, payer: str, body: Mapping[str, Any]) -> httpx2.Response:
        """Ask the payer, or who speaks for it, about a coverage (X12 270/271). Raises NotTaken and Unknown."""
        party, place = self.clients.register.payer(tenant, payer), f"payers/{payer}/eligibility"
        return await self.clients.exchange(
            party, "POST", self.payer_url, place, timeout_s=TIMEOUT_S, not_taken=rest.CERTAINLY_NOT, json=body
        )

    async def request(self, call: Call, payer: str, body: Mapping[str, Any] | None) -> httpx2.Response | Answer:
        """Make a call about a request for authorization, which the payer keeps under the effect's id.

        Return what `rest.request` returns. Raises Unknown on silence.
        """
        party = self.clients.register.payer(tenant_of(call.aggregate_id), payer)
        place = f"payers/{payer}/authorizations/{call.effect_id}"
        return await rest.request(self.clients, party, call, self.payer_url, place, body, timeout_s=TIMEOUT_S)

    def callback_url(self, referral_id: str, payer: str, request_id: str) -> str:
        """The callback address of this payer for this request."""
        url = f"{self.public_url}/v1/payer-callbacks/{payer}"
        return Callbacks(self.keyring).address(url, referral_id, payer, request_id)

    def insured(self, case: Case, policy: PolicyOnFile, purpose: str) -> dict[str, str]:
        """The member id of a policy and the payer's name on it, and which of the insured the patient is.

        Raises Unknown when the seal does not hold them.
        """
        sealed = case.coverage_seal or ""
        coverage = self.keyring.open(
            tenant_of(case.referral_id),
            "coverage",
            sealed,
            CoverageDetails,
            purpose=purpose,
            referral_id=case.referral_id,
        )
        for held in coverage.policies:
            if held.rank == policy.rank and held.member_id:
                known = held.model_dump(include=set(_WHO_OF_THE_INSURED), exclude_none=True)
                return {"member_id": held.member_id, "payer_name": held.payer_name, **known}
        raise Unknown("The sealed coverage holds no such member id.")

    def diagnoses(self, case: Case) -> list[dict[str, str]]:
        """The diagnoses as codes: a payer needs no more of the clinical data."""
        if case.clinical_seal is None:
            return []
        clinical = self.keyring.open(
            tenant_of(case.referral_id),
            "clinical",
            case.clinical_seal,
            Clinical,
            purpose="request_authorization",
            referral_id=case.referral_id,
        )
        return [{"system": coding.system, "code": coding.code} for coding in clinical.diagnoses]


def read(response: httpx2.Response, model: type[Read], expected: Collection[int] = (HTTPStatus.OK,)) -> Read:
    """The answer, if it is one. Raises Unknown for anything that a payer does not say, such as a proxy's page."""
    if response.status_code not in expected:
        raise Unknown("Not an answer of a payer.")
    try:
        return model.model_validate_json(response.content)
    except ValidationError:
        raise Unknown("Not an answer of a payer.") from None
