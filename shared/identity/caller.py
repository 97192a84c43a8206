"""A caller as its token describes it, and the two ways to be turned away."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.contracts.language import Actor
from shared.identity.audiences import client_of
from shared.parties import Kind, Party, Register

OURS: Final = re.compile(r"([a-z][a-z0-9]{1,30})-[a-z0-9]{26}")
"""How every id of ours begins that names its tenant: a referral's, what is derived from it, a patient's."""
REFERRAL_ID: Final = re.compile(r"([a-z][a-z0-9]{1,30})-[a-z2-7]{26}")
_TENANT: Final = re.compile(r"[a-z][a-z0-9]{1,30}")
_LONGEST_SUBJECT: Final = 255


class Unauthenticated(Exception):
    """Nobody we know. `has_token` tells a missing token from one that is not believed; why is not said."""

    def __init__(self, *, has_token: bool) -> None:
        super().__init__("The caller is not authenticated.")
        self.has_token = has_token


class Forbidden(Exception):
    """Somebody we know, without the role for this. `permission` names what was asked for."""

    def __init__(self, permission: str) -> None:
        super().__init__("The caller lacks the role.")
        self.permission = permission


class Role(StrEnum):
    """Who calls: what each may do is in `policy`. Those of programs follow from the register of parties alone."""

    COORDINATOR = "coordinator"
    LEAD = "lead"
    NURSE = "nurse"
    CLINICIAN = "clinician"
    SPECIALIST = "specialist"
    PATIENT = "patient"
    OPERATOR = "operator"
    PRIVACY_OFFICER = "privacy_officer"
    PAYER = "payer"
    OFFICE = "office"
    EHR = "ehr"
    GATEWAY = "gateway"
    SUBSCRIBER = "subscriber"
    INTERNAL = "internal"


PROGRAM: Final = "service"
"""What tokens of programs have for a role. It says that a program calls, and lets it through nowhere."""
ROLE_OF_KIND: Final[Mapping[Kind, Role]] = {
    "payer": Role.PAYER,
    "clearinghouse": Role.PAYER,
    "office": Role.OFFICE,
    "ehr": Role.EHR,
    "gateway": Role.GATEWAY,
    "subscriber": Role.SUBSCRIBER,
    "internal": Role.INTERNAL,
}
_OF_PROGRAMS: Final = frozenset(ROLE_OF_KIND.values())
_OF_PEOPLE: Final = frozenset(Role) - _OF_PROGRAMS


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and by which client.

    `referral_id`, for patients alone, is the one that their link opens. `party` is whose program this is, or whose
    office this specialist belongs to.
    """

    tenant: str
    subject: str
    roles: frozenset[Role]
    referral_id: str | None = None
    client_id: str = ""
    party: Party | None = None

    @property
    def actor(self) -> Actor:
        """The caller as facts name it."""
        if Role.PATIENT in self.roles:
            return Actor(kind="patient", id=self.subject)
        if self.roles & _OF_PROGRAMS:
            return Actor(kind="service", id=self.subject)
        return Actor(kind="specialist" if Role.SPECIALIST in self.roles else "person", id=self.subject)


def caller_from(claims: Mapping[str, object], parties: Register) -> Caller:
    """Read `tenant`, `sub`, `client_id`, `roles` and `referral_id`; roles that we do not know are left out.

    A program is what its client is registered as, whatever its token says of it; one that is not registered may do
    nothing.
    """
    tenant, subject, listed = claims.get("tenant"), claims.get("sub"), claims.get("roles")
    if not (isinstance(tenant, str) and _TENANT.fullmatch(tenant) and isinstance(listed, list)):
        raise Unauthenticated(has_token=True)
    if not (isinstance(subject, str) and 0 < len(subject) <= _LONGEST_SUBJECT):
        raise Unauthenticated(has_token=True)
    roles, client_id = frozenset(role for role in _OF_PEOPLE if role.value in listed), client_of(claims)
    if Role.PATIENT in roles:
        return Caller(tenant, subject, frozenset({Role.PATIENT}), _own_referral(tenant, claims), client_id)
    if PROGRAM in listed or subject == client_id:
        party = parties.of_client(tenant, client_id)
        return Caller(tenant, subject, _roles_of(party, roles), None, client_id, party)
    office = parties.of_client(tenant, subject) if Role.SPECIALIST in roles else None
    return Caller(tenant, subject, roles, None, client_id, office if office and office.kind == "office" else None)


def _roles_of(party: Party | None, named: frozenset[Role]) -> frozenset[Role]:
    """Our own programs may have roles of people beside their own; nobody else's may."""
    if party is None:
        return frozenset()
    role = ROLE_OF_KIND[party.kind]
    return frozenset({role}) | (named if role is Role.INTERNAL else frozenset())


def _own_referral(tenant: str, claims: Mapping[str, object]) -> str:
    """A patient's token names one referral of its own tenant, or is worth nothing."""
    referral_id = claims.get("referral_id")
    match = REFERRAL_ID.fullmatch(referral_id) if isinstance(referral_id, str) else None
    if match is None or match[1] != tenant:
        raise Unauthenticated(has_token=True)
    return match[0]
