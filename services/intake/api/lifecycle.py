"""What happens to a referral after the order: reported on, acknowledged, cancelled, given up."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, StringConstraints

from services.intake.api.access import (
    Key,
    KeyIfAny,
    MayAcknowledge,
    MayCancel,
    MayClose,
    MayReport,
    Seen,
    TheService,
    attribution,
)
from services.intake.api.commands import CONTRACT, Id, OwnReason, Taken, ask_by_content, ask_of, take
from services.intake.domain import AcknowledgeReport, CancelReferral, CloseReferral, RecordReport
from services.intake.domain.order import ReportDocument
from shared.contracts.intake import AskedBy, Outcome, ReportKind
from shared.web import body

router = APIRouter(prefix="/v1/referrals/{referral_id}", tags=["referrals"])


class ReportIn(BaseModel):
    """A report of the specialist. The document itself stays where it is."""

    model_config = CONTRACT

    report_id: Id
    """The sender's id, unique among all senders: a report is delivered under it."""
    kind: ReportKind
    visit_id: Id | None = None
    document_ref: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    """Where the referring side finds the document."""


class AcknowledgementIn(BaseModel):
    """The referring clinician has seen this report."""

    model_config = CONTRACT

    report_id: Id


class CancellationIn(BaseModel):
    """The referral is not wanted any more."""

    model_config = CONTRACT

    asked_by: AskedBy
    reason: OwnReason
    """Of system `throughline`, a code may name the outcome: deceased, entered-in-error, superseded, care-elsewhere…"""


class ClosingIn(BaseModel):
    """The referral is given up, with this outcome."""

    model_config = CONTRACT

    outcome: Outcome
    reason: OwnReason


@router.post("/reports", status_code=202)
async def record_report(
    caller: MayReport,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    told: Annotated[ReportIn, body(ReportIn)],
    response: Response,
) -> Taken:
    """Take in a report, also when it is the first sign of the visit, and after the end."""
    keyring, tenant = service.keyring, caller.tenant
    fingerprint = keyring.fingerprint(tenant, told.model_dump_json().encode())
    command = RecordReport(
        **attribution(caller, service),
        report_id=told.report_id,
        kind=told.kind,
        visit_id=told.visit_id,
        fingerprint=fingerprint,
        document=keyring.seal(tenant, "clinical", ReportDocument(document_ref=told.document_ref)),
    )
    by_content = ask_by_content(referral_id, command, fingerprint)
    return await take(service, ask_of(referral_id, command, key, caller) if key else by_content, response)


@router.post("/acknowledgement", status_code=202)
async def acknowledge(
    caller: MayAcknowledge,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    told: Annotated[AcknowledgementIn, body(AcknowledgementIn)],
    response: Response,
) -> Taken:
    """The final report was read: the loop is closed."""
    command = AcknowledgeReport(**attribution(caller, service), report_id=told.report_id)
    by_content = ask_by_content(referral_id, command, told.report_id)
    return await take(service, ask_of(referral_id, command, key, caller) if key else by_content, response)


@router.post("/cancellation", status_code=202)
async def cancel(
    caller: MayCancel,
    service: TheService,
    referral_id: str,
    key: Key,
    seen: Seen,
    told: Annotated[CancellationIn, body(CancellationIn)],
    response: Response,
) -> Taken:
    """Everybody gives back what they hold for the referral; then it is closed."""
    command = CancelReferral(**attribution(caller, service), asked_by=told.asked_by, reason=told.reason.reason)
    return await take(service, ask_of(referral_id, command, key, caller, seen), response)


@router.post("/closing", status_code=202)
async def close(
    caller: MayClose,
    service: TheService,
    referral_id: str,
    key: Key,
    seen: Seen,
    told: Annotated[ClosingIn, body(ClosingIn)],
    response: Response,
) -> Taken:
    """Give the referral up. If the patient was not seen, it is wound down first."""
    command = CloseReferral(**attribution(caller, service), outcome=told.outcome, reason=told.reason.reason)
    return await take(service, ask_of(referral_id, command, key, caller, seen), response)
