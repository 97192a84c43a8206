"""Access rules of the routes, and the parameters that every route takes."""

from typing import Annotated, Final

from services.scheduling.domain import Placement, put_to
from shared.identity import AccessPolicy, Caller, Concerned, Role, permit

_TEAM: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE, Role.CLINICIAN})
_OFFICES: Final = frozenset({Role.SPECIALIST, Role.OFFICE})
_SCHEDULERS: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.CLINICIAN})

POLICY: AccessPolicy = {
    "read": _TEAM | _OFFICES | {Role.OPERATOR},
    "read_wishes": _SCHEDULERS,
    # A coordinator records what the office said on the telephone; the fact names the coordinator.
    "answer_request": _OFFICES | {Role.COORDINATOR},
    "choose_provider": _SCHEDULERS,
    "book_visit": _SCHEDULERS | _OFFICES,
    "cancel_visit": _SCHEDULERS | _OFFICES | {Role.PATIENT},
    "record_outcome": _OFFICES | {Role.COORDINATOR},
    "confirm_appointment": _SCHEDULERS,
}
"""The roles of each permission. Permissions are named as their commands and actions are; two more are for reading."""
HANDED: Final = {"answer_request": "logistics", "record_outcome": "logistics"}
"""The permissions whose routes offices get as callback addresses, with the audience of the capability key."""


def concerned(act: str, placement: Placement) -> Concerned:
    """The offices that the referral was sent to."""
    return Concerned(providers=put_to(placement, act))


def providers_of(caller: Caller) -> frozenset[str] | None:
    """The providers for whom the caller may speak; None: for all of them."""
    if caller.roles & _SCHEDULERS or caller.party is None:
        return None
    return frozenset(caller.party.provider_refs)


MayRead = Annotated[Caller, permit("read")]
MayReadWishes = Annotated[Caller, permit("read_wishes")]
MayAnswer = Annotated[Caller, permit("answer_request")]
MayChoose = Annotated[Caller, permit("choose_provider")]
MayBook = Annotated[Caller, permit("book_visit")]
MayCancel = Annotated[Caller, permit("cancel_visit")]
MayRecord = Annotated[Caller, permit("record_outcome")]
MayConfirm = Annotated[Caller, permit("confirm_appointment")]


def may(caller: Caller, action: str) -> bool:
    """Whether the caller's roles allow an action."""
    return bool(caller.roles & POLICY[action])
