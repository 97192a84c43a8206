"""Receives specialists' reports, compares their patient with the referral's, and lets people match kept reports.

The report's data about the patient is compared here, with seals that are opened for it, and discarded.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, StringConstraints, model_validator

from services.intake.api.access import MayMatch, MayReport
from services.intake.api.fields import MaybeName, Name
from services.intake.api.opening import open_group
from services.intake.api.own import OwnIdentifier
from services.intake.api.referrals import Odd
from services.intake.domain import MatchReport, RecordReport, Referral
from services.intake.domain.order import Identifier, ReportDocument
from services.intake.domain.reporting import is_kept
from services.intake.domain.state import MatchOutcome
from services.intake.domain.whom import PatientSaid, Whom, whom
from services.intake.views import referral_of
from shared.contracts.intake import ReportKind
from shared.identity import Caller
from shared.service import Service
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
from shared.web import body, broken

router = APIRouter(prefix="/v1/referrals/{referral_id}", tags=["referrals"])


class ReportedName(BaseModel):
    """What the patient is called. Who has one name only has it as `family`."""

    model_config = CONTRACT

    family: Name
    given: MaybeName = ""


class ReportedPatient(BaseModel):
    """Who the patient is, to the sender. It is compared with the order, and not kept."""

    model_config = CONTRACT

    record_number: OwnIdentifier | None = None
    """The medical record number, under the system that the order names. Another system's tells nothing."""
    name: ReportedName | None = None
    birth_date: date | None = None

    @property
    def said(self) -> PatientSaid:
        """In our words."""
        number = Identifier(**dict(self.record_number)) if self.record_number else None
        name = dict(self.name) if self.name else {}
        return PatientSaid(record_number=number, birth_date=self.birth_date, **name)


class ReportIn(BaseModel):
    """A report of the specialist. The document itself stays where it is."""

    model_config = CONTRACT

    report_id: Id
    """The sender's id, unique among all senders: a report is delivered under it."""
    kind: ReportKind
    visit_id: Id | None = None
    document_ref: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    """Where the referring side finds the document."""
    patient: ReportedPatient | None = None
    """Whom the report is about: of another patient than the referral's, it is kept for a person to match."""

    @property
    def content(self) -> bytes:
        """What must be equal in the same report sent twice. Without a patient it is as before there could be one."""
        return self.model_dump_json(exclude={"patient"} if self.patient is None else None).encode()


class MatchIn(BaseModel):
    """Whether a report that was kept belongs to this referral."""

    model_config = CONTRACT

    report_id: Id
    outcome: MatchOutcome
    """applies: it counts and is delivered. belongs_elsewhere: it is set aside, for a reason."""
    reason: ReasonIn | None = None

    @model_validator(mode="after")
    def _says_why_not(self) -> "MatchIn":
        if self.outcome == "belongs_elsewhere" and self.reason is None:
            raise broken("reason_missing", "needs a reason where the report is set aside", "reason")
        return self


class TakenReport(Accepted):
    """The report has been taken in, and what is odd about it."""

    warnings: tuple[Odd, ...] = ()


_UNCHECKED = Odd(code="patient-unchecked", detail="The report does not say enough to tell whom it is about.")
_MISSING = Odd(code="patient-missing", detail="The report does not say whom it is about, so this was not checked.")
_KEPT = Odd(code="kept-for-match", detail="The report counts once a person has found that it belongs to the referral.")


@router.post("/reports", status_code=202)
async def record_report(
    caller: MayReport,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    payload: Annotated[ReportIn, body(ReportIn)],
    response: Response,
) -> TakenReport:
    """Take in a report, also when it is the first sign of the visit, and after the end."""
    keyring, tenant = service.keyring, caller.tenant
    referral = referral_of(await service.read(referral_id))
    found = _whom(referral, payload.patient, caller, service)
    fingerprint, *former = keyring.fingerprints(tenant, payload.content)
    command = RecordReport(
        **attribution(caller, service),
        report_id=payload.report_id,
        kind=payload.kind,
        visit_id=payload.visit_id,
        fingerprint=fingerprint,
        former_fingerprints=tuple(former),
        document=keyring.seal(
            tenant, "clinical", ReportDocument(document_ref=payload.document_ref), referral_id=referral_id
        ),
        whom=found,
    )
    taken = await submit(service, envelope_of(referral_id, command, caller, key, fingerprint), response)
    return TakenReport(**dict(taken), warnings=_warnings(payload, found, referral))


@router.post("/report-match", status_code=202)
async def match_report(
    caller: MayMatch,
    service: TheService,
    referral_id: str,
    key: Key,
    seen: Seen,
    payload: Annotated[MatchIn, body(MatchIn)],
    response: Response,
) -> Accepted:
    """Say whether a report that was kept belongs to this referral: it is applied, or set aside for a reason."""
    reason = payload.reason.reason if payload.reason else None
    command = MatchReport(
        **attribution(caller, service), report_id=payload.report_id, outcome=payload.outcome, reason=reason
    )
    return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)


def _whom(referral: Referral, payload: ReportedPatient | None, caller: Caller, service: Service) -> Whom:
    """Hold what the report says of the patient against the order's seals. Only what can be compared is opened."""
    if payload is None:
        return "unknown"
    known: dict[str, Any] = {}
    if payload.record_number:
        known["record_number"] = open_group(referral, "clinical", caller, service, "match_report").mrn
    if payload.name or payload.birth_date:
        contact = open_group(referral, "contact", caller, service, "match_report")
        known |= contact.model_dump(include={"given", "family", "birth_date"})
    return whom(payload.said, PatientSaid(**known))


def _warnings(payload: ReportIn, found: Whom, referral: Referral) -> tuple[Odd, ...]:
    unchecked = _MISSING if payload.patient is None else _UNCHECKED
    said = [unchecked] if found == "unknown" else []
    return (*said, *([_KEPT] if is_kept(payload.report_id, found, referral) else []))
