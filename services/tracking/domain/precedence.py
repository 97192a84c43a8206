"""Which of the services' steps the worklist shows: the one act that moves the referral on."""

from collections.abc import Mapping

from services.tracking.domain.state import NextAct, Story
from shared.contracts.language import Owner, Step

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


def rank(step: Step) -> int:
    """Lower goes first."""
    return BACKSTOP if step.act in _BACKSTOPS else _RANKS[step.owner]


def next_act(stories: Mapping[str, Story], *, is_closed: bool) -> NextAct | None:
    """The step of the lowest rank, of these the earliest due.

    Of a closed referral only what our own people still owe counts, such as a call to a patient whom no message
    reached: nobody waits for an outside party any more.
    """
    last = OUR_PEOPLE if is_closed else BACKSTOP
    candidates = [
        (rank(story.step), story.step.due_at, place, service, story.step)
        for place, (service, story) in enumerate(stories.items())
        if story.step and rank(story.step) <= last
    ]
    if not candidates:
        return None
    _, due_at, _, service, step = min(candidates, key=lambda candidate: candidate[:3])
    return NextAct(service=service, act=step.act, owner=step.owner, queue=step.queue, due_at=due_at)
