"""Decides the commands of a placement: the table of all, then the facts that follow from the state."""

from collections.abc import Callable, Mapping
from typing import Any

from services.scheduling.domain.cascade import onward
from services.scheduling.domain.decide_effects import BOOKING
from services.scheduling.domain.decide_events import EVENTS
from services.scheduling.domain.decide_people import PEOPLE
from services.scheduling.domain.evolve import evolve
from services.scheduling.domain.facts import PlacementFact
from services.scheduling.domain.state import Placement
from shared.contracts.language import Command
from shared.errors import Rejected

_DECISIONS: Mapping[type, Callable[[Any, Placement], list[PlacementFact]]] = {**EVENTS, **PEOPLE, **BOOKING}


def decide(command: Command, state: Placement) -> list[PlacementFact]:
    """Return the facts that follow: none if it is so already, Rejected if it is not allowed."""
    decision = _DECISIONS.get(type(command))
    if decision is None:
        raise Rejected("unknown-command", "Scheduling does not know this command.")
    facts: list[PlacementFact] = []
    following = decision(command, state)
    while following:
        facts.extend(following)
        for fact in following:
            state = evolve(state, fact)
        following = onward(command, state)
    return facts
