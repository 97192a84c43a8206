"""Tracking's worklist held against the services: what it must show once it has heard everything."""

from collections.abc import Iterator, Mapping

from services.tracking.domain.precedence import BACKSTOP, OPERATOR, OUR_PEOPLE, rank
from services.tracking.views.rows import Row
from services.tracking.views.worklist import Filters
from shared.contracts.language import Step
from tests.simulation.histories.house import House
from tests.simulation.histories.truths import SOON, is_open, steps
from tests.simulation.histories.views import worklist

Rows = Mapping[str, Row]


def wrong_lists(house: House) -> Iterator[str]:
    """Somebody opens the worklist a minute later; what was told meanwhile was heard."""
    _let_a_minute_pass(house)
    for line in [line for line in house.undelivered() if line[0] == "tracking"]:
        while house.heard[line] < len(house.told[line[1:]]):
            house.deliver(line)
    shown, overdue = worklist(house, Filters()), worklist(house, Filters(overdue=True))
    for key in house.referrals():
        track = house.document("tracking", key)
        if track and not track.is_parked:
            yield from _wrong_row(house, key, shown, overdue)


def _let_a_minute_pass(house: House) -> None:
    """Clocks ring; no call is made and nothing is answered."""
    until = house.now + SOON
    while (due := house.next_wake()) and due <= until:
        house.move_to(due)
        house.ring()
    house.move_to(until)


def _wrong_row(house: House, key: str, shown: Rows, overdue: Rows) -> Iterator[str]:
    """The row shows a step as it is; what our people are late with is among what is overdue."""
    known = steps(house, key)
    act = shown[key].next if key in shown else None
    if act is None:
        of_people = [step for step in known.values() if rank(step) <= OUR_PEOPLE]
        if is_open(house, key) or of_people:
            yield f"the worklist has no row for {key}: {known}"
        return
    step = known.get(act.service)
    if step is None or step != Step(act=act.act, owner=act.owner, queue=act.queue, due_at=act.due_at):
        yield f"the worklist shows {act} for {key}, which is {known}"
        return
    late = [s for s in known.values() if s.due_at + SOON < house.now and rank(s) <= OUR_PEOPLE]
    if late and key not in overdue and rank(step) != OPERATOR:
        yield f"{late} of {key} is not surfaced, {act} is"
    if rank(step) == BACKSTOP and any(rank(s) < BACKSTOP for s in known.values()):
        yield f"a backstop hides {known} of {key}"
    if (key in overdue) != (step.due_at < house.now) or act.is_overdue != (key in overdue):
        yield f"{key} is {'' if key in overdue else 'not '}among the overdue: {act}"
