"""Stores conversations: the decider with its upcasters, and the collection."""

from services.notifications.domain import INITIAL, Conversation, decide, evolve, next_due, tasks, wanted_effects
from services.notifications.domain.facts import ConversationFact
from shared.contracts.language import Command
from shared.engine import Decider

CONVERSATION: Decider[Conversation, Command, ConversationFact] = Decider(
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
