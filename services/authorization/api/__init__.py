"""Authorization's HTTP API: routes for people about a case, and callbacks for payers."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.authorization.api import callbacks, cases, messages
from services.authorization.api.access import POLICY
from services.authorization.domain import PayerDirectory


def routers(payers: PayerDirectory) -> Sequence[APIRouter]:
    """All routes."""
    return (cases.router, messages.router, cases.coverage(payers), callbacks.router)


__all__ = ["POLICY", "routers"]
