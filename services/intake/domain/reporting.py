"""Decides about reports: applied, or kept until a person says whether the report belongs to this referral."""

from typing import Final

from services.intake.domain.commands import MatchReport, RecordReport
from services.intake.domain.facts import IntakeFact, ReportFiled, ReportKept, ReportMatched, ReportSetAside
from services.intake.domain.state import KeptReport, MatchCause, Referral, Report
from services.intake.domain.whom import Whom
from shared.contracts.intake import ConsultReportReceived, MatchedBy
from shared.contracts.language import Command
from shared.errors import Conflict, NotFound, Rejected

MOST_REPORTS: Final = 50
"""A limit, because a document has a maximum size. A sender of more reports has a defect."""


def record(command: RecordReport, referral: Referral) -> list[IntakeFact]:
    """Apply a report, once. Keep it for a person where it may be about another patient."""
    if known := _known(command.report_id, referral):
        if known.fingerprint not in (command.fingerprint, *command.former_fingerprints):
            raise Conflict("other-content", "This report was taken in before, with other content.")
        return []
    _refuse_interim_after_final(command.kind, referral)
    if len(referral.reports) + len(referral.kept_reports) >= MOST_REPORTS:
        raise Rejected("too-many-reports", f"A referral takes {MOST_REPORTS} reports at most.")
    report = Report(command.report_id, command.kind, command.fingerprint, command.document)
    if cause := why_kept(command.whom, referral):
        return [ReportKept(KeptReport(report, command.visit_id, cause, command.at))]
    return _apply(command, referral, report, command.visit_id, "referral_id")


def why_kept(whom: Whom, referral: Referral) -> MatchCause | None:
    """Why a report cannot be applied without a person; None where it can.

    A report may be the first sign of the visit, so no visit need be known: that somebody was chosen to see the patient
    is enough. Where nobody was, nobody was sent the referral either.
    """
    if whom == "other":
        return "other-patient"
    return None if referral.chosen or referral.visit_id or referral.evidence_of_care else "never-sent"


def is_kept(report_id: str, whom: Whom, referral: Referral) -> bool:
    """Whether a report waits for a person, or will when it is recorded."""
    if kept := referral.kept_report(report_id):
        return kept.set_aside is None
    return referral.report(report_id) is None and why_kept(whom, referral) is not None


def match(command: MatchReport, referral: Referral) -> list[IntakeFact]:
    """Record whether a kept report belongs to this referral. One set aside may still be applied, not the reverse."""
    is_ours = command.outcome == "applies"
    if referral.report(command.report_id):
        if is_ours:
            return []
        raise Conflict("already-matched", "This report counts as one of this referral already.")
    kept = referral.kept_report(command.report_id)
    if kept is None:
        raise NotFound("unknown-report", "There is no such report.")
    if is_ours:
        _refuse_interim_after_final(kept.report.kind, referral)
        return _matched(command, referral, kept, "person")
    if command.reason is None:
        raise Rejected("reason-missing", "A report is set aside for a reason.")
    return [] if kept.set_aside else [ReportSetAside(command.report_id, command.reason)]


def settle(command: Command, referral: Referral, visit_id: str) -> list[IntakeFact]:
    """Apply the reports that were kept because their visit was not known. Services' facts come in any order."""
    facts: list[IntakeFact] = []
    is_final_there = referral.final_report is not None
    for kept in referral.kept_reports:
        is_of_visit = kept.visit_id == visit_id and kept.cause == "never-sent" and not kept.set_aside
        if is_of_visit and not (kept.report.kind == "interim" and is_final_there):
            facts += _matched(command, referral, kept, "visit_id")
            is_final_there = is_final_there or kept.report.kind == "final"
    return facts


def _known(report_id: str, referral: Referral) -> Report | None:
    kept = referral.kept_report(report_id)
    return kept.report if kept else referral.report(report_id)


def _refuse_interim_after_final(kind: str, referral: Referral) -> None:
    if kind == "interim" and referral.final_report:
        raise Conflict("final-is-there", "The final report is there: send what is new as an addendum.")


def _matched(command: Command, referral: Referral, kept: KeptReport, by: MatchedBy) -> list[IntakeFact]:
    return [ReportMatched(kept.report.report_id), *_apply(command, referral, kept.report, kept.visit_id, by)]


def _apply(
    command: Command, referral: Referral, report: Report, visit_id: str | None, by: MatchedBy
) -> list[IntakeFact]:
    received = ConsultReportReceived(
        **vars(command.attribution),
        referral_id=referral.referral_id,
        report_id=report.report_id,
        visit_id=visit_id,
        kind=report.kind,
        matched_by=by,
    )
    return [ReportFiled(report), received]
