"""Tracking's worklist held against the services: what it must show once it has heard everything."""

from collections.abc import Iterator, Mapping

from services.tracking.domain.precedence import BACKSTOP, OPERATOR, OUR_PEOPLE, rank
from services.tracking.views.rows import Row
from services.tracking.views.worklist import Filters
from tests.simulation.histories.invariants import SOON, is_open, tasks
from tests.simulation.histories.stepped_services import SteppedServices
from tests.simulation.histories.views import worklist

Rows = Mapping[str, Row]


def wrong_lists(house: SteppedServices) -> Iterator[str]:
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


def _let_a_minute_pass(house: SteppedServices) -> None:
    """Clocks ring; no call is made and nothing is answered."""
    until = house.now + SOON
    while (due := house.next_wake()) and due <= until:
        house.move_to(due)
        house.ring()
    house.move_to(until)


def _wrong_row(house: SteppedServices, key: str, shown: Rows, overdue: Rows) -> Iterator[str]:
    """The row shows a task as it is; what our people are late with is among what is overdue."""
    known = tasks(house, key)
    act = shown[key].next if key in shown else None
    if act is None:
        of_people = [task for _, task in known if rank(task) <= OUR_PEOPLE]
        if is_open(house, key) or of_people:
            yield f"the worklist has no row for {key}: {known}"
        return
    shows = (act.service, act.act, act.owner, act.queue, act.due_at)
    task = next((t for service, t in known if (service, t.act, t.owner, t.queue, t.due_at) == shows), None)
    if task is None:
        yield f"the worklist shows {act} for {key}, which is {known}"
        return
    late = [t for _, t in known if t.due_at + SOON < house.now and rank(t) <= OUR_PEOPLE]
    if late and key not in overdue and rank(task) != OPERATOR:
        yield f"{late} of {key} is not surfaced, {act} is"
    if rank(task) == BACKSTOP and any(rank(t) < BACKSTOP for _, t in known):
        yield f"a backstop hides {known} of {key}"
    if (key in overdue) != (task.due_at < house.now) or act.is_overdue != (key in overdue):
        yield f"{key} is {'' if key in overdue else 'not '}among the overdue: {act}"
