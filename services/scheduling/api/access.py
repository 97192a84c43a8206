"""Who may use which route, and what every route takes."""

from typing import Annotated, Any, Final

from fastapi import Depends

from shared.identity import Caller, Policy, Role, permit
from shared.service import Service, the_service
from shared.web import IdempotencyKey, idempotency, if_match

_TEAM: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE, Role.CLINICIAN})
_OFFICES: Final = frozenset({Role.SPECIALIST, Role.SERVICE})
_SCHEDULERS: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.CLINICIAN})

POLICY: Policy = {
    "read": _TEAM | {Role.SERVICE, Role.OPERATOR},
    # A coordinator records what the office said on the telephone; the fact names the coordinator.
    "answer_request": _OFFICES | {Role.COORDINATOR},
    "choose_provider": _SCHEDULERS,
    "book_visit": _SCHEDULERS | {Role.SPECIALIST, Role.SERVICE},
    "cancel_visit": _SCHEDULERS | {Role.SPECIALIST, Role.SERVICE, Role.PATIENT},
    "record_outcome": _OFFICES | {Role.COORDINATOR},
    "confirm_appointment": _SCHEDULERS,
}
"""By the name of the command, which is also how it is named among the actions allowed."""

TheService = Annotated[Service, Depends(the_service)]
MayRead = Annotated[Caller, permit("read")]
MayAnswer = Annotated[Caller, permit("answer_request")]
MayChoose = Annotated[Caller, permit("choose_provider")]
MayBook = Annotated[Caller, permit("book_visit")]
MayCancel = Annotated[Caller, permit("cancel_visit")]
MayRecord = Annotated[Caller, permit("record_outcome")]
MayConfirm = Annotated[Caller, permit("confirm_appointment")]

Key = Annotated[IdempotencyKey, idempotency()]
KeyIfAny = Annotated[IdempotencyKey | None, idempotency(required=False)]
Seen = Annotated[int | None, if_match()]


def attribution(caller: Caller, service: Service) -> dict[str, Any]:
    """Who asks, when, and how: spread into a command."""
    return {"at": service.now(), "by": caller.actor, "channel": "api"}


def may(caller: Caller, action: str) -> bool:
    """Whether the caller's roles allow an action."""
    return bool(caller.roles & POLICY[action])
