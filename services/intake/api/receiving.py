"""Carries out an instruction: seals patient data per audience, makes keyed references, submits commands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from services.intake.api.keyed import Keyed
from services.intake.api.naming import Named, found_by, settled
from services.intake.api.opening import seal_groups
from services.intake.api.resend import revise
from services.intake.api.sender import Sender
from services.intake.domain import (
    HoldReferral,
    ReceiveReferral,
    Referral,
    ResumeReferral,
    ReviseOrder,
    RevokeOrder,
    Terms,
)
from services.intake.domain.content import FORM, content, groups_of
from services.intake.domain.instruction import Hold, Instruction, Place, Revoke, Withdrawal
from services.intake.domain.order import Identifier, Order
from services.intake.domain.pathways import Pathways
from services.intake.domain.receiving import ELSEWHERE, OTHER_CONTENT
from services.intake.domain.state import NumberRef
from shared import audit
from shared.engine import CommandOutcome
from shared.errors import Busy, Conflict, NotFound, Rejected
from shared.web import etag

Status = Literal["active", "on-hold", "revoked", "entered-in-error"]


@dataclass(frozen=True)
class Remark:
    """A warning about an order: a code, and a sentence that goes on from "The order"."""

    code: str
    detail: str


TWO_REFERRALS: Final = Remark("two-referrals", "has names of two orders that were taken in apart")
CHANGED: Final = "was taken in before with other content: a coordinator looks at it; it differs at "
SUPPLIED: Final = Remark("supplied", "brings what was asked for, which is taken as supplied")
REVOKED_AFTER_VISIT: Final = Remark("seen-already", "is revoked after the visit: a coordinator looks at it")
NOTHING_REPLACED: Final = Remark("unknown-order", "replaces one that was not taken in here")


@dataclass(frozen=True)
class Carried:
    """The result of an instruction.

    `status` is the order's, in FHIR's words (request-status). `is_repeat`: an identical message was processed before.
    """

    referral_id: str
    patient_ref: str
    outcome: CommandOutcome
    status: Status = "active"
    remarks: tuple[Remark, ...] = ()
    is_repeat: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The version that holds it, and a mark where the very same was taken in before."""
        return {"ETag": etag(self.outcome.version), **({"Idempotent-Replayed": "true"} if self.is_repeat else {})}


@dataclass(frozen=True)
class Reception:
    """The settings that both order routes need. `home_zone` is the zone of patients of whom nothing else is known."""

    pathways: Pathways
    home_zone: str

    async def carry_out(self, payload: Instruction, sender: Sender) -> Carried:
        """Carry out one instruction. Raises NotFound for a later message about an order that was never received."""
        match payload:
            case Revoke(names=names, reason=reason):
                return await _revoked(names, reason, sender)
            case Hold(names=names):
                return await _held(names, sender)
            case Place(order=order, replaces=replaces):
                return await _superseding(await self._placed(order, sender), replaces, sender)

    async def _placed(self, order: Order, sender: Sender) -> Carried:
        """Receive an order, or what is new in it. An order with one name costs no more than its own write."""
        patients = Keyed(sender.service.keyring, sender.tenant).patients(order.mrn)
        may_be = partial(Referral.may_be, patient_refs=patients, numbers=_number_refs(order, sender))
        named = Named(sender.id_of(order.number), is_known=False)
        if len(order.names) > 1 or len(sender.ids_of(order.number)) > 1:
            named = await settled(order.names, sender, may_be)
        for _ in range(2):
            try:
                carried = await self._taken(order, named, sender)
            except Rejected as rejected:
                if rejected.code != ELSEWHERE:
                    raise
                named = await found_by(order.names, sender, may_be)
            else:
                remarks = (TWO_REFERRALS,) if named.others else ()
                return replace(carried, remarks=(*remarks, *carried.remarks))
        raise Busy

    async def _taken(self, order: Order, named: Named, sender: Sender) -> Carried:
        referral_id = named.referral_id
        command = self._command(order, referral_id, sender)
        audit.about(referral_id, command.patient_ref)
        try:
            outcome = await sender.execute(
                referral_id, command, command.fingerprint, command.number.ref, sender.placed_by or ""
            )
        except Conflict as conflict:
            if conflict.code != OTHER_CONTENT:
                raise
            outcome, news = await revise(order, command, sender)
            remarks, was_here = _remarks(news), outcome.is_repeat or not (news.elements or news.supplied)
            carried = Carried(referral_id, command.patient_ref, outcome, remarks=remarks, is_repeat=was_here)
            return await _resumed(carried, sender)
        was_here = named.is_known or outcome.is_repeat or outcome.is_quiet
        carried = Carried(referral_id, command.patient_ref, outcome, is_repeat=was_here)
        return await _resumed(carried, sender) if was_here else carried

    def _command(self, order: Order, referral_id: str, sender: Sender) -> ReceiveReferral:
        keyring, tenant = sender.service.keyring, sender.tenant
        fingerprint, *former = (FORM + each for each in keyring.fingerprints(tenant, content(order)))
        pathway, keyed = self.pathways.of(order.service), Keyed(keyring, tenant)
        return ReceiveReferral(
            **sender.attribution(),
            referral_id=referral_id,
            fingerprint=fingerprint,
            former_fingerprints=(*former, *keyring.fingerprints(tenant, order.former_content)),
            patient_ref=keyed.patients(order.mrn)[0],
            number=_number_refs(order, sender)[0],
            requester_ref=keyed.requester(order.requester),
            organization_ref=keyed.organization(order.requester),
            network_ref=keyed.network(order.policies),
            terms=Terms(
                priority=order.priority,
                authored_at=order.authored_at,
                needed_by=order.needed_until,
                not_before=order.not_before,
                expires_at=order.expires_at,
            ),
            pathway=pathway.pathway if pathway else None,
            pathway_version=pathway.version if pathway else 0,
            seals=seal_groups(groups_of(order), referral_id, keyring),
            provided=order.provided,
            placed_by=sender.placed_by,
            parent=_parent(order, sender),
        )


def _parent(order: Order, sender: Sender) -> str | None:
    """The keyed reference that orders of one requisition share. No order's own number leads to it."""
    if order.requisition is None:
        return None
    return sender.id_of(Identifier(system=f"requisition|{order.requisition.system}", value=order.requisition.value))


def _remarks(news: ReviseOrder) -> tuple[Remark, ...]:
    if news.elements:
        return (Remark("order-changed", CHANGED + ", ".join(news.elements)),)
    return (SUPPLIED,) if news.supplied else ()


async def _resumed(carried: Carried, sender: Sender) -> Carried:
    """Resume an order that is active again."""
    referral = await sender.referral(carried.referral_id)
    if referral.held_at is None:
        return carried
    command = ResumeReferral(**sender.attribution(), placed_by=sender.placed_by)
    outcome = await sender.execute(carried.referral_id, command, str(referral.holds))
    return replace(carried, outcome=outcome, is_repeat=False)


async def _held(names: Sequence[Identifier], sender: Sender) -> Carried:
    referral_id = await _known(names, sender)
    referral = await sender.referral(referral_id)
    outcome = await sender.execute(
        referral_id, HoldReferral(**sender.attribution(), placed_by=sender.placed_by), str(referral.holds)
    )
    was_here = outcome.is_repeat or outcome.is_quiet
    return Carried(referral_id, referral.patient_ref, outcome, "on-hold", is_repeat=was_here)


async def _revoked(names: Sequence[Identifier], reason: Withdrawal, sender: Sender) -> Carried:
    referral_id = await _known(names, sender)
    status: Status = "entered-in-error" if reason == "entered-in-error" else "revoked"
    return replace(await _withdrawn(referral_id, reason, sender), status=status)


async def _withdrawn(referral_id: str, reason: Withdrawal, sender: Sender) -> Carried:
    command = RevokeOrder(**sender.attribution(), placed_by=sender.placed_by, reason=reason)
    outcome = await sender.execute(referral_id, command, reason)
    referral = await sender.referral(referral_id)
    remarks = (REVOKED_AFTER_VISIT,) if referral.is_revoked else ()
    was_here = outcome.is_repeat or outcome.is_quiet
    return Carried(referral_id, referral.patient_ref, outcome, remarks=remarks, is_repeat=was_here)


async def _superseding(carried: Carried, replaced: Sequence[Identifier], sender: Sender) -> Carried:
    """Receive the new order before the old one is ended: a failure between the two loses nothing that is wanted."""
    remarks = list(carried.remarks)
    for name in replaced:
        former = await found_by((name,), sender)
        if not former.is_known:
            remarks.append(NOTHING_REPLACED)
        elif former.referral_id != carried.referral_id:
            remarks += (await _withdrawn(former.referral_id, "superseded", sender)).remarks
    return replace(carried, remarks=tuple(remarks))


async def _known(names: Sequence[Identifier], sender: Sender) -> str:
    """The referral of these names. Raises NotFound."""
    named = await found_by(names, sender)
    if not named.is_known:
        raise NotFound("unknown-order", "No order of this number was taken in.")
    return named.referral_id


def _number_refs(order: Order, sender: Sender) -> list[NumberRef]:
    """The order's number as each pair of live keys wrote it down; first as it is written now."""
    systems = Keyed(sender.service.keyring, sender.tenant).number_systems(order.number)
    return [NumberRef(system, id_) for system in systems for id_ in sender.ids_of(order.number)]
