"""Applies facts about reports that wait for a person. The other folds are in `evolve`."""

from dataclasses import replace

from services.intake.domain.facts import ReportKept, ReportMatched, ReportSetAside
from services.intake.domain.state import Referral


def kept(referral: Referral, fact: ReportKept) -> Referral:
    """Keep the report for a person, beside the others."""
    return replace(referral, kept_reports=(*referral.kept_reports, fact.kept))


def matched(referral: Referral, fact: ReportMatched) -> Referral:
    """Remove the report: the fact that follows files it."""
    others = (kept for kept in referral.kept_reports if kept.report.report_id != fact.report_id)
    return replace(referral, kept_reports=tuple(others))


def set_aside(referral: Referral, fact: ReportSetAside) -> Referral:
    """Set the report aside. It stays, so that it is recognized when it comes again, and nobody waits for it."""
    found = (
        replace(kept, set_aside=fact.reason) if kept.report.report_id == fact.report_id else kept
        for kept in referral.kept_reports
    )
    return replace(referral, kept_reports=tuple(found))
