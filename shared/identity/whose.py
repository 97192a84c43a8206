"""Whose an object is: what a caller's role lets through in general, its party may be shut out of in particular.

A table of rules per role, and nothing else. The rules compare a party of the register with what a domain says its
object is about; they know no route, no command and no store.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.identity.caller import Caller, Role
from shared.parties import Party


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom an object concerns outside our house: what its own domain says of it.

    `ehr`: the party that placed the order; `providers`: whose offices it was put to; `payers`: who were asked.
    """

    ehr: str | None = None
    providers: frozenset[str] = frozenset()
    payers: frozenset[str] = frozenset()


Proof = Literal["not_needed", "missing", "held"]
"""Whether the address that was called has the capability that we put into it when we gave it away."""


def _of_office(party: Party, concerned: Concerned, proof: Proof) -> bool:
    """A program comes by the address that we gave its office; while nobody is known to be chosen, that is enough."""
    if proof == "held" and not concerned.providers:
        return True
    return proof != "missing" and _of_its_people(party, concerned, proof)


def _of_its_people(party: Party, concerned: Concerned, _proof: Proof) -> bool:
    return not concerned.providers.isdisjoint(party.provider_refs)


def _of_payer(party: Party, concerned: Concerned, _proof: Proof) -> bool:
    return any(party.speaks_for(payer) for payer in concerned.payers)


def _of_ehr(party: Party, concerned: Concerned, proof: Proof) -> bool:
    """Its own orders; of one that no EHR placed, no more than the answer that it was asked for."""
    return concerned.ehr == party.id if concerned.ehr is not None else proof == "held"


WHOSE: Final[Mapping[Role, tuple[str, Callable[[Party, Concerned, Proof], bool]]]] = {
    Role.PAYER: ("what this payer was asked", _of_payer),
    Role.OFFICE: ("what was put to this office", _of_office),
    Role.SPECIALIST: ("what was put to this office", _of_its_people),
    Role.EHR: ("what this EHR placed", _of_ehr),
}
"""Roles that see and do only what concerns their own party, in words and as a rule. All others see their tenant's."""


def sees_all(roles: frozenset[Role]) -> bool:
    """Whether one of these roles is not bound to what concerns a party."""
    return not roles <= WHOSE.keys()


def is_theirs(caller: Caller, roles: frozenset[Role], concerned: Concerned, proof: Proof = "not_needed") -> bool:
    """Whether what concerns these parties is the caller's business in one of these of its roles."""
    if sees_all(roles):
        return True
    party = caller.party
    return party is not None and any(WHOSE[role][1](party, concerned, proof) for role in roles)
