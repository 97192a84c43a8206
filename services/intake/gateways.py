"""Calls the referring clinician's EHR: asks it for what is missing, and sends it the reports.

Each request and report has an id of ours that no retry changes, so that the EHR can be asked for it, and
deduplicates.
"""

from dataclasses import dataclass
from typing import Any, Final

from services.intake.domain import Referral, request_id
from services.intake.domain.order import ReportDocument
from shared.capabilities import Capabilities
from shared.contracts.language import tenant_of
from shared.effects import Clients, rest
from shared.parties import Party
from shared.ports import Answer, Call, Traits
from shared.sealing import Keyring

TIMEOUT_S: Final = 10.0
TRAITS: Final = Traits(can_ask=True, dedupes=True, land_s=TIMEOUT_S)


@dataclass(frozen=True)
class Ehr:
    """Addresses of EHRs, and ours for their answers.

    The EHR that placed the order is asked; where no EHR placed it, the only one of the tenant.
    """

    clients: Clients
    ehr_url: str
    public_url: str
    keyring: Keyring

    def answer_url(self, referral_id: str, path: str, act: str) -> str:
        """The callback address for one referral."""
        url = f"{self.public_url}/v1/referrals/{referral_id}/{path}"
        return Capabilities(self.keyring, "callback").address(url, act, referral_id, "ehr")

    async def call(
        self, call: Call, placed_by: str | None, path: str, id_: str, id_field: str, body: dict[str, Any]
    ) -> Answer:
        """Make the call on the filed object `id_`. Raises Unknown on silence, or on an answer about something else."""
        ehr = self._party(tenant_of(call.aggregate_id), placed_by)
        found = await rest.request(
            self.clients, ehr, call, self.ehr_url, f"ehr/{path}/{id_}", body, timeout_s=TIMEOUT_S
        )
        if isinstance(found, Answer):
            return found
        rest.read(found, id_field, id_)
        return Answer("withdrawn" if call.act == "withdraw" else "alive", refs=(id_,))

    def _party(self, tenant: str, placed_by: str | None) -> Party | None:
        if placed_by is not None:
            return self.clients.register.ehr(tenant, placed_by)
        ehrs = [party for party in self.clients.register.of(tenant) if party.kind == "ehr"]
        return ehrs[0] if len(ehrs) == 1 else None


@dataclass(frozen=True)
class InformationRequests:
    """Asks the referring clinician for what is missing. The nth effect is the nth request."""

    ehr: Ehr

    @property
    def traits(self) -> Traits:
        """The EHR dedupes by our id and can be asked for it."""
        return TRAITS

    async def call(self, call: Call, state: Referral, now: object) -> Answer:
        """Make one call. Only codes of what is missing are told."""
        del now
        id_ = request_id(call.aggregate_id, call.revision)
        body = {
            "referral_id": call.aggregate_id,
            "items": list(state.requests[call.revision - 1].items),
            "answer_url": self.ehr.answer_url(call.aggregate_id, "information", "supply_information"),
        }
        return await self.ehr.call(call, state.placed_by, "information-requests", id_, "request_id", body)


@dataclass(frozen=True)
class Reports:
    """Brings the specialist's reports to the referring clinician. The nth effect is the nth report."""

    ehr: Ehr
    keyring: Keyring

    @property
    def traits(self) -> Traits:
        """The EHR dedupes by the report's id and can be asked for it."""
        return TRAITS

    async def call(self, call: Call, state: Referral, now: object) -> Answer:
        """Make one call. Where the document is to be found is opened only to be sent."""
        del now
        report = state.reports[call.revision - 1]
        body = {
            "referral_id": call.aggregate_id,
            "kind": report.kind,
            "document_ref": self._document_ref(call, report.document) if call.act == "send" else None,
            "answer_url": self.ehr.answer_url(call.aggregate_id, "acknowledgement", "acknowledge"),
        }
        return await self.ehr.call(call, state.placed_by, "reports", report.report_id, "report_id", body)

    def _document_ref(self, call: Call, sealed: str) -> str:
        tenant, _, _ = call.aggregate_id.partition("-")
        document = self.keyring.open(
            tenant, "clinical", sealed, ReportDocument, purpose="deliver_report", referral_id=call.aggregate_id
        )
        return document.document_ref
