"""The referral at rest: its decider, and the collection that holds it."""

from services.intake.domain import INITIAL, State, decide, evolve, next_due, next_step, owed
from shared.aggregates import Decider

REFERRAL = Decider(
    name="referral",
    initial=INITIAL,
    state_type=State,
    decide=decide,
    evolve=evolve,
    next_step=next_step,
    next_due=next_due,
    owed=owed,
)
COLLECTION = "referrals"
