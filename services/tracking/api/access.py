"""Access rules of the routes, and the parameters that every route takes."""

from typing import Annotated

from shared.identity import AccessPolicy, Caller, Role, Session, permit

TEAM = frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE, Role.CLINICIAN, Role.OPERATOR})
REVIEWERS = frozenset({Role.PRIVACY_OFFICER})
READERS = TEAM | {Role.PRIVACY_OFFICER, Role.SUBSCRIBER}

POLICY: AccessPolicy = {"read": READERS, "claim": TEAM, "release": TEAM, "note": TEAM, "review_access": REVIEWERS}
SESSION = Session(cookie="throughline_session", login_path="/login")

MayRead = Annotated[Caller, permit("read")]
MayAssign = Annotated[Caller, permit("claim")]
MayRelease = Annotated[Caller, permit("release")]
MayReview = Annotated[Caller, permit("review_access")]
MayNote = Annotated[Caller, permit("note")]


def is_lead(caller: Caller) -> bool:
    """Whether the caller leads the team."""
    return Role.LEAD in caller.roles


def may(caller: Caller, act: str) -> bool:
    """Whether the policy lets the caller do this to some referral."""
    return bool(caller.roles & POLICY[act])
