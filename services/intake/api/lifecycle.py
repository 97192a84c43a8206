"""Routes for the end of a referral: acknowledge its report, cancel it, close it."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.intake.api.access import MayAcknowledge, MayCancel, MayClose
from services.intake.domain import AcknowledgeReport, CancelReferral, CloseReferral
from shared.contracts.intake import AskedBy, Outcome
from shared.service.commands import (
    CONTRACT,
    Accepted,
    Id,
    Key,
    KeyIfAny,
    ReasonIn,
    Seen,
    TheService,
    attribution,
    envelope_of,
    submit,
)
from shared.web import body

router = APIRouter(prefix="/v1/referrals/{referral_id}", tags=["referrals"])


class AcknowledgementIn(BaseModel):
    """The referring clinician has seen this report."""

    model_config = CONTRACT

    report_id: Id


class CancellationIn(BaseModel):
    """The referral is not wanted any more."""

    model_config = CONTRACT

    asked_by: AskedBy
    reason: ReasonIn
    """Of system `throughline`, a code may name the outcome: deceased, entered-in-error, superseded, care-elsewhere…"""


class ClosingIn(BaseModel):
    """The referral is given up, with this outcome."""

    model_config = CONTRACT

    outcome: Outcome
    reason: ReasonIn


@router.post("/acknowledgement", status_code=202)
async def acknowledge(
    caller: MayAcknowledge,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    payload: Annotated[AcknowledgementIn, body(AcknowledgementIn)],
    response: Response,
) -> Accepted:
    """The final report was read: the loop is closed."""
    command = AcknowledgeReport(**attribution(caller, service), report_id=payload.report_id)
    return await submit(service, envelope_of(referral_id, command, caller, key, payload.report_id), response)


@router.post("/cancellation", status_code=202)
async def cancel(
    caller: MayCancel,
    service: TheService,
    referral_id: str,
    key: Key,
    seen: Seen,
    payload: Annotated[CancellationIn, body(CancellationIn)],
    response: Response,
) -> Accepted:
    """Everybody gives back what they hold for the referral; then it is closed."""
    command = CancelReferral(**attribution(caller, service), asked_by=payload.asked_by, reason=payload.reason.reason)
    return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)


@router.post("/closing", status_code=202)
async def close(
    caller: MayClose,
    service: TheService,
    referral_id: str,
    key: Key,
    seen: Seen,
    payload: Annotated[ClosingIn, body(ClosingIn)],
    response: Response,
) -> Accepted:
    """Give the referral up. If the patient was not seen, it is wound down first."""
    command = CloseReferral(**attribution(caller, service), outcome=payload.outcome, reason=payload.reason.reason)
    return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)
