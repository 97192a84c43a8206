"""The view of a case: its state, tasks and allowed actions, without anything that is sealed."""

from datetime import datetime

from pydantic import BaseModel

from services.authorization.domain import Case, Status, allowed, status
from services.authorization.domain.statuses import Approved, Pended
from shared.contracts.authorization import AuthorizedItem, Urgency
from shared.contracts.language import Task
from shared.engine import Document, Engine
from shared.errors import NotFound


class ShownCase(BaseModel):
    """A case. `state` is its situation, `tasks` who must do what by when, `allowed` what the caller may do now.

    `records_owed` are codes of what the payer waits for; `has_message`: it wrote something beside its codes.
    `left_with_payers` are requests that no program could withdraw.
    """

    referral_id: str
    case_id: str
    version: int
    state: Status
    is_overridden: bool
    is_used: bool
    urgency: Urgency
    payer: str | None
    provider_ref: str | None
    site_ref: str | None
    request_id: str | None
    decision_due_at: datetime | None
    records_owed: tuple[str, ...]
    has_message: bool
    items: tuple[AuthorizedItem, ...]
    left_with_payers: tuple[str, ...]
    tasks: tuple[Task, ...]
    allowed: tuple[str, ...]


def shown(engine: Engine, document: Document) -> ShownCase:
    """The case as our people may see it. Raises NotFound when all that the document holds waits for an operator."""
    case: Case = document.state
    if not case.referral_id:
        raise NotFound
    standing = case.request.standing if case.request else None
    return ShownCase(
        referral_id=case.referral_id,
        case_id=case.case_id,
        version=document.version,
        state=status(case),
        is_overridden=case.is_overridden,
        is_used=case.is_used,
        urgency=case.urgency,
        payer=case.policy.payer.id if case.policy else None,
        provider_ref=case.provider.provider_ref if case.provider else None,
        site_ref=case.provider.site_ref if case.provider else None,
        request_id=case.request_id,
        decision_due_at=standing.due_at if isinstance(standing, Pended) else None,
        records_owed=case.request.records_owed if case.request else (),
        has_message=bool(case.request and case.request.message),
        items=standing.items if isinstance(standing, Approved) else (),
        left_with_payers=case.left_with_payers,
        tasks=engine.tasks_of(document),
        allowed=tuple(sorted(allowed(case))),
    )
