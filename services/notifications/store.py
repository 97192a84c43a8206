"""The conversation at rest: its decider, and the collection that holds it."""

from services.notifications.domain import INITIAL, Conversation, decide, evolve, next_due, next_step, owed
from shared.aggregates import Decider

CONVERSATION = Decider(
    name="conversation",
    initial=INITIAL,
    state_type=Conversation,
    decide=decide,
    evolve=evolve,
    next_step=next_step,
    next_due=next_due,
    owed=owed,
)
COLLECTION = "conversations"
