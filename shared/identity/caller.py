"""A caller as its token describes it, and the two ways to be turned away."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.contracts.language import Actor
from shared.identity.audiences import client_of

REFERRAL_ID: Final = re.compile(r"([a-z][a-z0-9]{1,30})-[a-z2-7]{26}")
_TENANT: Final = re.compile(r"[a-z][a-z0-9]{1,30}")
_LONGEST_SUBJECT: Final = 255


class Unauthenticated(Exception):
    """Nobody we know. `has_token` tells a missing token from one that is not believed; why is not told."""

    def __init__(self, *, has_token: bool) -> None:
        super().__init__("The caller is not authenticated.")
        self.has_token = has_token


class Forbidden(Exception):
    """Somebody we know, without the role for this. `permission` names what was asked for."""

    def __init__(self, permission: str) -> None:
        super().__init__("The caller lacks the role.")
        self.permission = permission


class Role(StrEnum):
    """Who calls: what each may do is in `policy`."""

    COORDINATOR = "coordinator"
    LEAD = "lead"
    NURSE = "nurse"
    CLINICIAN = "clinician"
    SPECIALIST = "specialist"
    PATIENT = "patient"
    SERVICE = "service"
    OPERATOR = "operator"
    PRIVACY_OFFICER = "privacy_officer"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and by which client. `referral_id`, for patients alone, is the one that their link opens."""

    tenant: str
    subject: str
    roles: frozenset[Role]
    referral_id: str | None = None
    client_id: str = ""

    @property
    def actor(self) -> Actor:
        """The caller as facts name it."""
        if Role.PATIENT in self.roles:
            return Actor(kind="patient", id=self.subject)
        if Role.SERVICE in self.roles:
            return Actor(kind="service", id=self.subject)
        return Actor(kind="specialist" if Role.SPECIALIST in self.roles else "person", id=self.subject)


def caller_from(claims: Mapping[str, object]) -> Caller:
    """Read `tenant`, `sub`, `client_id`, `roles` and `referral_id`; roles that we do not know are left out."""
    tenant, subject, listed = claims.get("tenant"), claims.get("sub"), claims.get("roles")
    if not (isinstance(tenant, str) and _TENANT.fullmatch(tenant) and isinstance(listed, list)):
        raise Unauthenticated(has_token=True)
    if not (isinstance(subject, str) and 0 < len(subject) <= _LONGEST_SUBJECT):
        raise Unauthenticated(has_token=True)
    roles = frozenset(role for role in Role if role.value in listed)
    if Role.PATIENT not in roles:
        return Caller(tenant, subject, roles, client_id=client_of(claims))
    return Caller(tenant, subject, frozenset({Role.PATIENT}), _own_referral(tenant, claims), client_of(claims))


def _own_referral(tenant: str, claims: Mapping[str, object]) -> str:
    """A patient's token names one referral of its own tenant, or is worth nothing."""
    referral_id = claims.get("referral_id")
    match = REFERRAL_ID.fullmatch(referral_id) if isinstance(referral_id, str) else None
    if match is None or match[1] != tenant:
        raise Unauthenticated(has_token=True)
    return match[0]
