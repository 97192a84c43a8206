"""Stores conversations: and the opt-outs of numbers: deciders and collections."""

from services.notifications.domain import (
    INITIAL,
    Conversation,
    decide,
    evolve,
    next_due,
    opt_out,
    tasks,
    wanted_effects,
)
from services.notifications.domain.facts import ConversationFact
from services.notifications.domain.opt_out import OptOut, OptOutFact
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
OPT_OUT: Decider[OptOut, Command, OptOutFact] = Decider(
    name="opt_out",
    is_referral=False,
    initial=opt_out.NO_OPT_OUT,
    state_type=OptOut,
    decide=opt_out.decide,
    evolve=opt_out.evolve,
    tasks=opt_out.tasks,
    next_due=opt_out.next_due,
    wanted_effects=opt_out.wanted_effects,
)
OPT_OUTS = "opt_outs"
COLLECTION = "conversations"
