"""The doors that a referral shows now, each with those to whom it is shown; and which are tried more often."""

from collections.abc import Mapping, Sequence
from functools import cache

from tests.simulation.histories.doors import DOORS, Door
from tests.simulation.histories.people import OF_AN_OFFICE, Person, of_role
from tests.simulation.histories.stepped_services import SteppedServices
from tests.simulation.histories.views import allowed

LAST = ("cancel", "close", "record_report", "acknowledge")
"""Actions after which not much happens any more: they are done less often than others."""


def shown_doors(house: SteppedServices, key: str) -> Mapping[Door, Sequence[Person]]:
    """The doors whose action is shown to who of ours uses them most, or to an office concerned; and to whom."""

    @cache
    def sees(service: str, person: Person) -> frozenset[str]:
        return allowed(house, service, key, person)

    found: dict[Door, Sequence[Person]] = {}
    for door in DOORS:
        ours = [role for role in door.roles if role not in OF_AN_OFFICE]
        roles = [*ours[:1], *(role for role in door.roles if role in OF_AN_OFFICE)]
        people = [person for role in roles for person in of_role(house, door.service, key, role)]
        if door.action and (pressing := [p for p in people if door.action in sees(door.service, p)]):
            found[door] = pressing
    return found


def weighed(doors: Sequence[Door]) -> Sequence[Door]:
    """The same doors, those more often after which much happens still."""
    onward = [door for door in doors if door.action not in LAST]
    return [*doors, *onward * 3, *[door for door in onward if door.service != "tracking"] * 8]
