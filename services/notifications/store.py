"""The conversation at rest: its decider, and the collection that holds it."""

from services.notifications.domain import INITIAL, Conversation, decide, evolve, next_due, tasks, wanted_effects
from shared.engine import Decider

CONVERSATION = Decider(
    name="conversation",
    initial=INITIAL,
    state_type=Conversation,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    next_due=next_due,
    wanted_effects=wanted_effects,
)
COLLECTION = "conversations"
