"""Scheduling's HTTP API: providers and visits of a placement."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.scheduling.api import providers, visits, wishes
from services.scheduling.api.access import HANDED, POLICY, concerned
from services.scheduling.domain import Directory


def routers(directory: Directory) -> Sequence[APIRouter]:
    """All routes. The directory says who is a provider, where, and how long a visit takes."""
    return (providers.routes(directory), visits.routes(directory), visits.router, wishes.router)


__all__ = ["HANDED", "POLICY", "concerned", "routers"]
