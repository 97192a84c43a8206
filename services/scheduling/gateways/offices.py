"""Calls specialists' offices: asks them to see a patient, and tells them about the visit.

Each request and appointment has an id of ours that no retry changes, so that an office can be asked for it, and
deduplicates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.scheduling.domain import AnswerRequest, Directory, Placement, Slot
from services.scheduling.gateways.calendar import visit_id
from shared.capabilities import Capabilities
from shared.contracts.language import Actor, tenant_of
from shared.effects import Clients, rest
from shared.ports import Answer, Call, Traits
from shared.sealing import Keyring

TIMEOUT_S: Final = 10.0
TRAITS: Final = Traits(can_ask=True, dedupes=True, land_s=TIMEOUT_S)


@dataclass(frozen=True)
class Offices:
    """Addresses of the offices, and our callback addresses: ours for requests and visits, intake's for reports."""

    clients: Clients
    offices_url: str
    public_url: str
    reports_url: str
    keyring: Keyring

    async def call(self, call: Call, path: str, id_field: str, body: Mapping[str, Any]) -> Mapping[str, Any] | Answer:
        """Make the call on what is filed at `path`: the provider whose office is asked, and the kind and the id of it.

        Return what the office says of it, or a word for there being nothing to say. Raises Unknown on silence, and on
        an answer about something else.
        """
        office = self.clients.register.office(tenant_of(call.aggregate_id), path.partition("/")[0])
        found = await rest.request(
            self.clients, office, call, self.offices_url, f"offices/{path}", body, timeout_s=TIMEOUT_S
        )
        return found if isinstance(found, Answer) else rest.read(found, id_field, path.rpartition("/")[2])

    def ours(self, referral_id: str, path: str, act: str, provider_ref: str) -> str:
        """The callback address of this provider's office for what it is asked."""
        url = f"{self.public_url}/v1/placements/{referral_id}/{path}"
        return Capabilities(self.keyring, "logistics").address(url, act, referral_id, provider_ref)

    def reports(self, referral_id: str, provider_ref: str) -> str:
        """The address at which this provider's office files reports. Intake has the key that checks it."""
        url = f"{self.reports_url}/v1/referrals/{referral_id}/reports"
        return Capabilities(self.keyring, "logistics").address(url, "record_report", referral_id, provider_ref)


@dataclass(frozen=True)
class OfficeRequests:
    """Asks an office whether it will see the patient (effect `office_request`). The nth effect is the nth choice."""

    offices: Offices

    @property
    def traits(self) -> Traits:
        """An office dedupes by our id and can be asked for it."""
        return TRAITS

    async def call(self, call: Call, state: Placement, now: datetime) -> Answer:
        """Make the call. An office that has decided already says so."""
        choice, order = state.choices[call.revision - 1], state.order
        body = {
            "referral_id": call.aggregate_id,
            "site_ref": choice.site_ref,
            "priority": order.priority if order else "routine",
            "service_ref": order.pathway if order else "",
            "answer_url": self.offices.ours(call.aggregate_id, "answer", "answer_request", choice.provider_ref),
            "report_url": self.offices.reports(call.aggregate_id, choice.provider_ref),
        }
        path = f"{choice.provider_ref}/requests/{call.effect_id}"
        said = await self.offices.call(call, path, "request_id", body)
        if isinstance(said, Answer):
            return said
        if call.act == "withdraw":
            return Answer("withdrawn", refs=(call.effect_id,))
        command = _decision(said.get("status"), choice.number, choice.provider_ref, now)
        return Answer("alive", refs=(call.effect_id,), command=command)


def _decision(status: object, choice: int, provider_ref: str, now: datetime) -> AnswerRequest | None:
    if status not in ("accepted", "declined"):
        return None
    office = Actor(kind="specialist", id=provider_ref)
    return AnswerRequest(at=now, by=office, channel="effect", choice=choice, is_accepted=status == "accepted")


@dataclass(frozen=True)
class Appointments:
    """Tells an office of the visit (effect `appointment`). The nth effect is the visit of the nth attempt."""

    offices: Offices
    directory: Directory

    @property
    def traits(self) -> Traits:
        """An office dedupes by our id and can be asked for it."""
        return TRAITS

    async def call(self, call: Call, state: Placement, now: datetime) -> Answer:
        """Send the appointment. The office gets the start; it knows the patient from the referral."""
        del now
        attempt = state.attempt(call.revision)
        if attempt is None:
            return Answer("nothing")
        visit, provider_ref = visit_id(call.aggregate_id, call.revision), attempt.slot.provider_ref
        body = {
            "referral_id": call.aggregate_id,
            "start": self._start(attempt.slot).isoformat(),
            "minutes": int((attempt.slot.ends_at - attempt.slot.starts_at).total_seconds() // 60),
            "outcome_url": self.offices.ours(call.aggregate_id, "outcome", "record_outcome", provider_ref),
            "report_url": self.offices.reports(call.aggregate_id, provider_ref),
        }
        said = await self.offices.call(call, f"{provider_ref}/appointments/{visit}", "visit_id", body)
        if isinstance(said, Answer):
            return said
        return Answer("withdrawn" if call.act == "withdraw" else "alive", refs=(visit,))

    def _start(self, slot: Slot) -> datetime:
        """The instant with the offset of the site, where the site is known."""
        provider = self.directory.provider(slot.provider_ref)
        return slot.starts_at.astimezone(self.directory.site_of(provider).zone if provider else UTC)
