"""Who presses a button: somebody in a role and, where the role is of an office, of the office concerned or another.

Whose office is concerned is read here from what a service keeps, not from the rule that the service asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.histories.stepped_services import SteppedServices
from tests.support.five_services.plans import PROVIDERS

OF_AN_OFFICE = ("specialist",)


@dataclass(frozen=True)
class Person:
    """Somebody in a role, of our own people or of the office of one provider."""

    role: str
    office: str | None = None

    @property
    def id(self) -> str:
        """The name by which facts know this person."""
        return f"{self.office or 'sam'}.{self.role}"

    @property
    def token(self) -> str:
        """What the doors take at its word."""
        return f"{self.role}:{self.id}"


def of_role(house: SteppedServices, service: str, key: str, role: str) -> Sequence[Person]:
    """Who of a role may be meant: one of ours, or somebody of each office concerned; where none is, of another."""
    if role not in OF_AN_OFFICE:
        return [Person(role)]
    return [Person(role, office) for office in offices(house, service, key) or PROVIDERS[:1]]


def of_any_office(house: SteppedServices, service: str, key: str, role: str) -> Sequence[Person]:
    """Who may come: one of ours, or somebody of any office, and most often of one concerned."""
    if role not in OF_AN_OFFICE:
        return [Person(role)]
    return [Person(role, office) for office in (*offices(house, service, key) * 3, *PROVIDERS)]


def offices(house: SteppedServices, service: str, key: str) -> tuple[str, ...]:
    """Whose offices a referral was put to, as far as this service has heard: who is chosen, and has a visit ahead."""
    state = house.state(service, key)
    if state is None:
        return ()
    if service == "intake":
        return (state.chosen.provider_ref,) if state.chosen else ()
    chosen = [state.choice.provider_ref] if state.choice else []
    visited = [state.visit.attempt.slot.provider_ref] if state.visit else []
    return tuple(dict.fromkeys([*chosen, *visited]))


def is_stranger(house: SteppedServices, service: str, key: str, person: Person) -> bool:
    """Whether this person's office has nothing to do with a referral; in scheduling: never had."""
    if person.office is None:
        return False
    known = set(offices(house, service, key))
    placement = house.state(service, key) if service == "scheduling" else None
    if placement:
        known |= {choice.provider_ref for choice in placement.choices}
        known |= {visit.attempt.slot.provider_ref for visit in placement.visits}
    return person.office not in known
