"""Stores cases: one document per referral."""

from services.authorization import domain
from services.authorization.domain.facts import CaseFact
from shared.contracts.language import Command
from shared.engine import Decider
from shared.ports import Stored

COLLECTION = "cases"


def _not_held(stored: Stored) -> Stored:
    """Once no order could be on hold."""
    return {"is_held": False, **stored}


def _asked_for_no_records(stored: Stored) -> Stored:
    """Once the records that a payer asked for, and what it wrote, were kept only in the facts."""
    return stored


CASE: Decider[domain.Case, Command, CaseFact] = Decider(
    name="case",
    initial=domain.INITIAL,
    state_type=domain.Case,
    decide=domain.decide,
    evolve=domain.evolve,
    tasks=domain.tasks,
    next_due=domain.next_due,
    wanted_effects=domain.wanted_effects,
    schema=3,
    upcasters={1: _not_held, 2: _asked_for_no_records},
)
