"""Binds the case to its collection: one document per referral."""

from services.authorization import domain
from shared.aggregates import Decider

COLLECTION = "cases"
CASE = Decider(
    name="case",
    initial=domain.INITIAL,
    state_type=domain.Case,
    decide=domain.decide,
    evolve=domain.evolve,
    tasks=domain.tasks,
    next_due=domain.next_due,
    owed=domain.owed,
)
