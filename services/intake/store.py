"""Stores referrals: the decider with its upcasters, and the collection."""

from services.intake.domain import INITIAL, State, decide, evolve, next_due, tasks, wanted_effects
from services.intake.domain.facts import IntakeFact
from shared.contracts.language import Command
from shared.engine import Decider
from shared.ports import Stored

_LATER = ("chosen", "requester_ref", "organization_ref", "network_ref", "placed_by")
"""What a referral of before does not say: by whom and how it was ordered, and who sees the patient."""


def _with_a_task(stored: Stored) -> Stored:
    """What a referral waited for once had no id of its own: it was the only one."""
    if "step" not in stored:
        return stored
    rest = {name: value for name, value in stored.items() if name != "step"}
    return {**dict.fromkeys(_LATER), **rest, "task": {"id": stored["step"]["act"], **stored["step"]}}


_OF_A_LATER_WORD: Stored = {
    **dict.fromkeys(("received_at", "terms", "review", "held_at")),
    "numbers": [],
    "fingerprints": [],
    "versions": [],
    "last_version": 1,
    "holds": 0,
    "is_revoked": False,
}


def _with_a_later_word(stored: Stored) -> Stored:
    """Once nothing was kept of an order that came again, and none was on hold."""
    return {**_OF_A_LATER_WORD, **stored} if "patient_ref" in stored else stored


def _with_kept_reports(stored: Stored) -> Stored:
    """Once every report was applied."""
    return {"kept_reports": [], **stored} if "patient_ref" in stored else stored


REFERRAL: Decider[State, Command, IntakeFact] = Decider(
    name="referral",
    initial=INITIAL,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    next_due=next_due,
    wanted_effects=wanted_effects,
    schema=4,
    upcasters={1: _with_a_task, 2: _with_a_later_word, 3: _with_kept_reports},
)
COLLECTION = "referrals"
