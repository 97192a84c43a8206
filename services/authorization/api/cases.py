"""The routes by which people see a case and act on it."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Response

from services.authorization.api.access import POLICY, Write
from services.authorization.api.bodies import CoverageIn, DecisionIn, EligibilityIn, EmptyIn, OverrideIn, PeerToPeerIn
from services.authorization.domain import (
    ConfirmRecordsSent,
    ConfirmWithdrawal,
    ContinueSelfPay,
    CorrectCoverage,
    CoverageOnFile,
    OverrideAuthorization,
    PayerDirectory,
    RecordDecision,
    RecordPeerToPeer,
    ResubmitRequest,
    VerifyCoverage,
)
from services.authorization.gateways import sealed_reference
from services.authorization.views import ShownCase, shown
from shared.contracts.sealed import CoverageDetails, Policy
from shared.identity import Caller, permit
from shared.service.commands import Accepted, TheService
from shared.web import body, etag

router = APIRouter(prefix="/v1/cases/{referral_id}", tags=["cases"])


@router.get("")
async def read(
    caller: Annotated[Caller, permit("read")], service: TheService, referral_id: str, response: Response
) -> ShownCase:
    """Where the case stands, who must do what by when, and what the caller may do now."""
    found = shown(service.engine, await service.read(referral_id))
    response.headers["ETag"] = etag(found.version)
    mine = tuple(name for name in found.allowed if caller.roles & POLICY[name])
    return found.model_copy(update={"allowed": mine})


@router.post("/decision", status_code=202)
async def record_decision(
    caller: Annotated[Caller, permit("record_decision")],
    sent: Write,
    referral_id: str,
    said: Annotated[DecisionIn, body(DecisionIn)],
) -> Accepted:
    """Record what the payer said to a person."""
    command = RecordDecision(
        **sent.attribution(caller),
        action=said.action,
        certificate=sealed_reference(sent.service.keyring, referral_id, said.reference),
        window=said.window,
        units=said.units,
        decision_due_at=said.decision_due_at,
        reason=said.reason.reason if said.reason else None,
    )
    return await sent.submit(referral_id, command, caller)


@router.post("/eligibility", status_code=202)
async def verify_coverage(
    caller: Annotated[Caller, permit("verify_coverage")],
    sent: Write,
    referral_id: str,
    said: Annotated[EligibilityIn, body(EligibilityIn)],
) -> Accepted:
    """Record what the payer said of the policy to a person."""
    command = VerifyCoverage(
        **sent.attribution(caller),
        eb01=said.eb01,
        auth_required=said.auth_required,
        valid_on=said.valid_on,
        certificate=sealed_reference(sent.service.keyring, referral_id, said.reference),
    )
    return await sent.submit(referral_id, command, caller)


@router.post("/records", status_code=202)
async def confirm_records_sent(
    caller: Annotated[Caller, permit("confirm_records_sent")],
    sent: Write,
    referral_id: str,
    _nothing: Annotated[EmptyIn, body(EmptyIn)],
) -> Accepted:
    """Say that the payer was sent the records that it asked for."""
    return await sent.submit(referral_id, ConfirmRecordsSent(**sent.attribution(caller)), caller)


@router.post("/peer-to-peer", status_code=202)
async def record_peer_to_peer(
    caller: Annotated[Caller, permit("record_peer_to_peer")],
    sent: Write,
    referral_id: str,
    said: Annotated[PeerToPeerIn, body(PeerToPeerIn)],
) -> Accepted:
    """Record how the talk with the payer's physician ended."""
    command = RecordPeerToPeer(
        **sent.attribution(caller),
        action=said.action,
        certificate=sealed_reference(sent.service.keyring, referral_id, said.reference),
        window=said.window,
        units=said.units,
        reason=said.reason.reason if said.reason else None,
    )
    return await sent.submit(referral_id, command, caller)


@router.post("/override", status_code=202)
async def override(
    caller: Annotated[Caller, permit("override")],
    sent: Write,
    referral_id: str,
    why: Annotated[OverrideIn, body(OverrideIn)],
) -> Accepted:
    """Let the visit go ahead without the payer's decision, in the caller's name."""
    return await sent.submit(
        referral_id, OverrideAuthorization(**sent.attribution(caller), reason=why.reason.reason), caller
    )


@router.post("/resubmission", status_code=202)
async def resubmit(
    caller: Annotated[Caller, permit("resubmit")],
    sent: Write,
    referral_id: str,
    _nothing: Annotated[EmptyIn, body(EmptyIn)],
) -> Accepted:
    """Ask the payer anew: an appeal, or a request that did not get through."""
    return await sent.submit(referral_id, ResubmitRequest(**sent.attribution(caller)), caller)


@router.post("/withdrawal", status_code=202)
async def confirm_withdrawal(
    caller: Annotated[Caller, permit("confirm_withdrawal")],
    sent: Write,
    referral_id: str,
    _nothing: Annotated[EmptyIn, body(EmptyIn)],
) -> Accepted:
    """Say that payers have nothing any more of what no program could withdraw."""
    return await sent.submit(referral_id, ConfirmWithdrawal(**sent.attribution(caller)), caller)


@router.post("/self-pay", status_code=202)
async def continue_self_pay(
    caller: Annotated[Caller, permit("continue_self_pay")],
    sent: Write,
    referral_id: str,
    _nothing: Annotated[EmptyIn, body(EmptyIn)],
) -> Accepted:
    """Go on without a payer: the patient pays."""
    return await sent.submit(referral_id, ContinueSelfPay(**sent.attribution(caller)), caller)


def coverage(payers: PayerDirectory) -> APIRouter:
    """The route by which coverage is corrected; it knows payers by their ids."""
    corrections = APIRouter(prefix="/v1/cases/{referral_id}", tags=["cases"])

    @corrections.post("/coverage", status_code=202)
    async def correct_coverage(
        caller: Annotated[Caller, permit("correct_coverage")],
        sent: Write,
        referral_id: str,
        found: Annotated[CoverageIn, body(CoverageIn)],
    ) -> Accepted:
        """Replace the coverage, which is sealed here and then checked anew."""
        policy = Policy(payer_name=found.payer_id, member_id=found.member_id, plan=found.plan)
        details = CoverageDetails(policies=(policy,))
        keyring = sent.service.keyring
        seal = keyring.seal(caller.tenant, "coverage", details, referral_id=referral_id)
        on_file = CoverageOnFile(seal, payers.policies(details, partial(keyring.pseudonym, caller.tenant, "coverage")))
        return await sent.submit(referral_id, CorrectCoverage(**sent.attribution(caller), coverage=on_file), caller)

    return corrections
