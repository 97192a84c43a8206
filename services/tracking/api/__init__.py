"""Tracking's doors: an API for programs, pages for people, and the way in for both."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.tracking.api import login, pages, records, referrals, worklist
from services.tracking.api.access import POLICY, SESSION
from services.tracking.gateways import Issuer

OPEN_PATHS = login.OPEN_PATHS | pages.OPEN_PATHS


def routers(issuer: Issuer) -> Sequence[APIRouter]:
    """All routes; people log in at this issuer."""
    return (worklist.router, referrals.router, records.router, records.pages, pages.router, login.routes(issuer))


__all__ = ["OPEN_PATHS", "POLICY", "SESSION", "routers"]
