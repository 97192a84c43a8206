"""Access rules of the routes, and the parameters that every route takes."""

from typing import Annotated, Final

from services.intake.domain import State, placed_by, put_to
from shared.identity import AccessPolicy, Caller, Concerned, Role, permit

_TEAM: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE, Role.CLINICIAN})
_REFERRING_SIDE: Final = frozenset({Role.CLINICIAN, Role.EHR})

POLICY: AccessPolicy = {
    "receive": _REFERRING_SIDE | {Role.COORDINATOR},
    "find_patient": frozenset({Role.PRIVACY_OFFICER}),
    "read": _TEAM | {Role.EHR, Role.OPERATOR},
    "supply_information": _REFERRING_SIDE | {Role.COORDINATOR, Role.NURSE},
    "choose_pathway": frozenset({Role.COORDINATOR, Role.NURSE, Role.LEAD}),
    "review_order": frozenset({Role.COORDINATOR, Role.LEAD, Role.CLINICIAN}),
    "cancel": _REFERRING_SIDE | {Role.COORDINATOR, Role.LEAD, Role.PATIENT},
    "record_report": frozenset({Role.SPECIALIST, Role.OFFICE, Role.COORDINATOR}),
    "match_report": frozenset({Role.COORDINATOR, Role.NURSE}),
    # A coordinator records what the clinician said on the telephone; the fact names the coordinator.
    "acknowledge": _REFERRING_SIDE | {Role.COORDINATOR},
    "close": frozenset({Role.CLINICIAN, Role.LEAD}),
}

HANDED: Final = {"record_report": "logistics", "supply_information": "callback", "acknowledge": "callback"}
"""The permissions whose routes counterparties get as callback addresses, by audience of their capability key."""


def concerned(_act: str, state: State) -> Concerned:
    """The EHR that placed the order, and the office that the referral was sent to."""
    return Concerned(ehr=placed_by(state), providers=put_to(state))


def placing(caller: Caller) -> str | None:
    """The EHR that places an order; None where one of our own people does."""
    return caller.party.id if caller.party and Role.EHR in caller.roles else None


def number_systems(caller: Caller) -> tuple[str, ...]:
    """The number systems under which the calling EHR may place orders. None means any, as for our own people."""
    return caller.party.identifier_systems if caller.party and placing(caller) else ()


MayReceive = Annotated[Caller, permit("receive")]
MayFindPatient = Annotated[Caller, permit("find_patient")]
MayRead = Annotated[Caller, permit("read")]
MaySupply = Annotated[Caller, permit("supply_information")]
MayChoosePathway = Annotated[Caller, permit("choose_pathway")]
MayReviewOrder = Annotated[Caller, permit("review_order")]
MayCancel = Annotated[Caller, permit("cancel")]
MayReport = Annotated[Caller, permit("record_report")]
MayMatch = Annotated[Caller, permit("match_report")]
MayAcknowledge = Annotated[Caller, permit("acknowledge")]
MayClose = Annotated[Caller, permit("close")]


def may(caller: Caller, action: str) -> bool:
    """Whether the caller's roles allow an action."""
    return bool(caller.roles & POLICY[action])
