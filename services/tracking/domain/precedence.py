"""In which order the services' tasks go: the worklist shows the first, which moves the referral on."""

from collections.abc import Mapping, Sequence

from services.tracking.domain.state import NextAct, Stream
from shared.contracts.language import Owner, Task

OPERATOR, OUR_PEOPLE, OTHERS, SYSTEM, BACKSTOP = range(5)

_RANKS: Mapping[Owner, int] = {
    "operator": OPERATOR,  # while something is parked, the rest of the story may be wrong
    "coordinator": OUR_PEOPLE,
    "nurse": OUR_PEOPLE,
    "clinician": OUR_PEOPLE,
    "specialist": OTHERS,
    "payer": OTHERS,
    "patient": OTHERS,
    "system": SYSTEM,
}
_BACKSTOPS = frozenset({"complete_referral", "use_authorization"})
"""Acts that only say by when all the others must have led somewhere."""


def rank(task: Task) -> int:
    """Lower goes first. An owner of whom we do not know is none of our people."""
    return BACKSTOP if task.act in _BACKSTOPS else _RANKS.get(task.owner, OTHERS)


def open_tasks(stories: Mapping[str, Stream], *, is_closed: bool) -> list[tuple[str, Task]]:
    """Every task with the service that waits for it: the lowest rank first, of one rank the earliest due.

    Of a closed referral only what our own people still owe counts, such as a call to a patient whom no message
    reached: nobody waits for an outside party any more.
    """
    last = OUR_PEOPLE if is_closed else BACKSTOP
    found = [(service, task) for service, stream in stories.items() for task in stream.tasks if rank(task) <= last]
    return sorted(found, key=lambda each: (rank(each[1]), each[1].due_at))


def next_act(tasks: Sequence[tuple[str, Task]]) -> NextAct | None:
    """The first of the tasks, as lists show it."""
    if not tasks:
        return None
    service, task = tasks[0]
    owner = task.owner if task.owner in _RANKS else "other"
    return NextAct(service=service, act=task.act, owner=owner, queue=task.queue, due_at=task.due_at)
