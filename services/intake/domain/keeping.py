"""How a referral changes by reports that are kept for a person. Folds of `evolve`, which has the others."""

from dataclasses import replace

from services.intake.domain.facts import ReportKept, ReportMatched, ReportSetAside
from services.intake.domain.state import Referral


def kept(referral: Referral, fact: ReportKept) -> Referral:
    """It waits, beside the others that do."""
    return replace(referral, kept_reports=(*referral.kept_reports, fact.kept))


def matched(referral: Referral, fact: ReportMatched) -> Referral:
    """It waits no more: it is filed by the fact that follows."""
    others = (kept for kept in referral.kept_reports if kept.report.report_id != fact.report_id)
    return replace(referral, kept_reports=tuple(others))


def set_aside(referral: Referral, fact: ReportSetAside) -> Referral:
    """It stays, so that it is recognized when it comes again, and nobody waits for it."""
    found = (
        replace(kept, set_aside=fact.reason) if kept.report.report_id == fact.report_id else kept
        for kept in referral.kept_reports
    )
    return replace(referral, kept_reports=tuple(found))
