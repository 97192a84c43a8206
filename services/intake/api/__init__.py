"""Intake's HTTP API: orders as FHIR or JSON, and all later commands about a referral."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.intake.api import fhir, information, lifecycle, patients, referrals, reports, review
from services.intake.api.access import HANDED, POLICY, concerned
from services.intake.api.receiving import Reception


def routers(reception: Reception) -> Sequence[APIRouter]:
    """All routes."""
    own = referrals.routes(reception), fhir.routes(reception), review.routes(reception)
    return (*own, information.router, patients.router, reports.router, lifecycle.router)


__all__ = ["HANDED", "POLICY", "Reception", "concerned", "routers"]
