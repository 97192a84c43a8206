"""Binds the case to its collection: one document per referral."""

from services.authorization import domain
from services.authorization.domain.facts import CaseFact
from shared.contracts.language import Command
from shared.engine import Decider
from shared.ports import Stored

COLLECTION = "cases"


def _not_held(stored: Stored) -> Stored:
    """Once no order could be on hold."""
    return {"is_held": False, **stored}


CASE: Decider[domain.Case, Command, CaseFact] = Decider(
    name="case",
    initial=domain.INITIAL,
    state_type=domain.Case,
    decide=domain.decide,
    evolve=domain.evolve,
    tasks=domain.tasks,
    next_due=domain.next_due,
    wanted_effects=domain.wanted_effects,
    schema=2,
    upcasters={1: _not_held},
)
