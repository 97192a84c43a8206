"""How things go on for a while: everything is heard, every call is answered in some way, time passes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.errors import Rejected
from tests.simulation.histories.bodies import Sent
from tests.simulation.histories.doors import DOORS, knock
from tests.simulation.histories.outside import Choose, answering, hoped_for
from tests.simulation.histories.people import of_role
from tests.simulation.histories.stepped_services import Behaviour, SteppedServices, silence

BEGINNINGS = (
    datetime(2026, 3, 2, 14, tzinfo=UTC),
    datetime(2026, 3, 6, 22, 59, 59, tzinfo=UTC),  # two days before clocks go forward in the United States
    datetime(2026, 10, 30, 21, tzinfo=UTC),  # two days before they go back
    datetime(2028, 2, 28, 12, tzinfo=UTC),
)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 16, 61, 5 * 60, 26 * 60, 3 * 1440, 8 * 1440, 40 * 1440))
WAKES_AT_MOST = 80
"""Time stands still after so many wakes, however long it was to pass."""
JUMPS = 1500
"""A silent world comes to its end within so many moves of time."""
IN_VAIN = ("ask", "withdraw", "rest")
HOPES = {
    ("intake", "awaiting_information"): "supply_information",
    ("intake", "awaiting_pathway"): "choose_pathway",
    ("intake", "awaiting_report"): "record_report",
    ("intake", "awaiting_acknowledgement"): "acknowledge",
}


def hear_all(house: SteppedServices) -> bool:
    """Deliver everything. Return whether there was anything."""
    there_was = False
    while lines := house.undelivered():
        there_was = True
        for line in lines:
            house.deliver(line)
    return there_was


def call_all(house: SteppedServices, behaviour: Behaviour) -> bool:
    """Make every call that is due, and have it answered; calls within the house always are."""
    there_was = False
    while owed := house.owed():
        for each in owed:
            live = house.begin(each)
            there_was = True
            if live:
                house.answer(live, behaviour)
    return there_was


def pass_time(house: SteppedServices, until: datetime, behaviour: Behaviour, *, is_heard: bool) -> None:
    """Let time pass, up to an instant. Whatever is due happens when it is due, and is heard or only told."""
    call_all(house, behaviour)
    for _ in range(WAKES_AT_MOST):
        due = house.next_wake()
        if due is None or due > until:
            house.move_to(until)
            return
        house.move_to(due)
        house.ring()
        call_all(house, behaviour)
        if is_heard:
            hear_all(house)


def go_on(house: SteppedServices, rounds: int, choose: Choose[Any]) -> None:
    """For some rounds our people do what is hoped for as soon as it can be done, and the outside what it chooses."""
    for n in range(rounds):
        something = hear_all(house) | call_all(house, answering(choose, house.now)) | _do_what_is_hoped_for(house, n)
        due = house.next_wake()
        if not something and due:
            house.move_to(due)
            house.ring()


def _do_what_is_hoped_for(house: SteppedServices, n: int) -> bool:
    doors = {door.action: door for door in DOORS}
    actions = []
    for key in house.referrals():
        referral, placement = house.state("intake", key), house.state("scheduling", key)
        if action := HOPES.get(("intake", referral.situation)):
            actions.append((key, action))
        if placement and placement.visit and placement.visit.outcome_due_at:
            actions.append((key, "record_outcome"))
    for key, action in actions:
        door = doors[action]
        person = of_role(house, door.service, key, door.roles[-1])[-1]
        once = f"hope-{house.now.timestamp()}-{n}"
        said = house.ask(door.service, knock(door, Sent(house, key, hoped_for, person.office), person, once))
        assert not isinstance(said, Rejected) or "400" != said.code, f"{action} is hoped for, and was not read: {said}"
    return bool(actions)


def fall_silent(house: SteppedServices) -> str | None:
    """Everything is heard, nobody outside or of our people does anything more, time runs out. Complain of no end."""
    for _ in range(JUMPS):
        hear_all(house)
        call_all(house, silence)
        hear_all(house)
        due = _next_that_matters(house)
        if due is None:
            return None
        house.move_to(due)
        house.ring()
    return f"no end: {_next_that_matters(house)} is still to come"


def _next_that_matters(house: SteppedServices) -> datetime | None:
    """What is due next. Questions after results and withdrawals are repeated for ever: nobody waits for them here."""
    found = []
    for place in house.places:
        for document in house.documents(place).values():
            unit = house.unit(place, document)
            found += [when for _, act, when in unit.due_effects() if act not in IN_VAIN]
            if due := place.engine.decider.next_due(document.state):
                found.append(due)
    return min(found, default=None)
