"""Bring a decider into a state by what happened, without a store: the first line of every domain test."""

from collections.abc import Iterable
from typing import Any

from shared.contracts.language import Command
from shared.engine import Decider


def given(decider: Decider, *history: Any) -> Any:
    """The state after a history of commands (decided and folded) and facts (folded)."""
    state = decider.initial
    for event in history:
        for fact in decider.decide(event, state) if isinstance(event, Command) else [event]:
            state = decider.evolve(state, fact)
    return state


def kinds(facts: Iterable[Any]) -> list[str]:
    """The names of facts, for assertions that only ask what happened."""
    return [type(fact).__name__ for fact in facts]
