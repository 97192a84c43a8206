"""From an order in our own words to one referral: sealed per audience, indexed blindly, handed over as one command."""

from dataclasses import dataclass

from services.intake.api.access import attribution, placing
from services.intake.api.keyed import Keyed
from services.intake.domain import ReceiveReferral
from services.intake.domain.order import Order
from services.intake.domain.pathways import Pathways
from shared.aggregates import Ask, Outcome
from shared.aggregates.ask import command_id
from shared.contracts.language import Audience, Channel
from shared.contracts.sealed import CoverageDetails
from shared.identity import Caller
from shared.sealing import Keyring
from shared.service import Service
from shared.telemetry import current_traceparent
from shared.web import etag


@dataclass(frozen=True)
class Desk:
    """What both doors for orders hold on to. `home_zone` is where a patient lives of whom nothing else is known."""

    pathways: Pathways
    home_zone: str

    async def receive(
        self, order: Order, caller: Caller, channel: Channel, service: Service
    ) -> tuple[str, str, Outcome]:
        """Take an order in, once. Return the references of its referral and its patient, and what became of it.

        Raises Conflict when the number came with other content.
        """
        keyring, tenant = service.keyring, caller.tenant
        referral_id = keyring.referral_id(tenant, order.number.system, order.number.value)
        fingerprint = keyring.fingerprint(tenant, order.content)
        pathway, keyed = self.pathways.of(order.service), Keyed(keyring, tenant)
        patient_ref = keyed.patient(order.mrn)
        command = ReceiveReferral(
            **attribution(caller, service, channel),
            referral_id=referral_id,
            fingerprint=fingerprint,
            patient_ref=patient_ref,
            requester_ref=keyed.requester(order.requester),
            organization_ref=keyed.organization(order.requester),
            network_ref=keyed.network(order.policies),
            priority=order.priority,
            authored_at=order.authored_at,
            needed_by=order.needed_until,
            order_expires_at=order.expires_at,
            pathway=pathway.pathway,
            pathway_version=pathway.version,
            seals=_seals(order, keyring, tenant),
            provided=order.provided,
            placed_by=placing(caller),
        )
        # Of two EHRs that send the same, the second is no repetition of the first.
        id_ = command_id(tenant, referral_id, fingerprint, *([command.placed_by] if command.placed_by else []))
        ask = Ask(key=referral_id, id=id_, command=command, traceparent=current_traceparent())
        return referral_id, patient_ref, await service.ask(ask)


def headers_of(outcome: Outcome) -> dict[str, str]:
    """The version that holds the order, and a mark where this very order was taken in before."""
    mark = {"Idempotent-Replayed": "true"} if outcome.is_repeat else {}
    return {"ETag": etag(outcome.version), **mark}


def _seals(order: Order, keyring: Keyring, tenant: str) -> dict[Audience, str]:
    seals: dict[Audience, str] = {
        "contact": keyring.seal(tenant, "contact", order.contact),
        "clinical": keyring.seal(tenant, "clinical", order.clinical),
        "logistics": keyring.seal(tenant, "logistics", order.logistics),
    }
    if "coverage" in order.provided:
        seals["coverage"] = keyring.seal(tenant, "coverage", CoverageDetails(policies=order.policies))
    return seals
