"""Authorization's doors: what people see and do about a case, and where payers call back."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.authorization.api import callbacks, cases, messages
from services.authorization.api.access import POLICY
from services.authorization.domain import PayerDirectory


def routers(payers: PayerDirectory) -> Sequence[APIRouter]:
    """All routes."""
    return (cases.router, messages.router, cases.coverage(payers), callbacks.router)


__all__ = ["POLICY", "routers"]
