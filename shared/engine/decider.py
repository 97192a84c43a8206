"""What a service's domain hands to the engine: pure functions and the shape of its state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from pydantic import TypeAdapter

from shared.contracts.language import Effect, Fact, Task
from shared.ports import Stored

Upcaster = Callable[[Stored], Stored]


def _no_effects(_state: Any) -> Sequence[Effect]:
    return ()


@dataclass(frozen=True)
class Decider:
    """One kind of aggregate.

    `decide(command, state)` returns facts, is quiet when there is nothing to do, or raises Rejected. Facts of
    `shared.contracts` are told to the world; any other frozen value is folded and stays private. `evolve` is
    total. `tasks` are all that somebody must do now, the most pressing first. `next_due` is the earliest instant at
    which a Tick has something to decide, None when nothing is armed.
    `state_type` may be a class or a union, read and written by pydantic. `schema` counts its shapes; `upcasters[n]`
    turns a stored state of shape n into n + 1. `row_of(state, fact)` gives the immutable row, if any, that a fact adds
    beside the document.
    """

    name: str
    initial: Any
    state_type: Any
    decide: Callable[[Any, Any], Sequence[Any]]
    evolve: Callable[[Any, Any], Any]
    tasks: Callable[[Any], tuple[Task, ...]]
    next_due: Callable[[Any], datetime | None]
    wanted_effects: Callable[[Any], Sequence[Effect]] = _no_effects
    schema: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    row_of: Callable[[Any, Any], Stored | None] | None = None

    @cached_property
    def _codec(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.state_type)

    def encode(self, state: Any) -> Any:
        """The state as JSON values."""
        return self._codec.dump_python(state, mode="json")

    def decode(self, stored: Any, schema: int) -> Any:
        """The state from JSON values of any shape that was ever stored.

        Raises ValueError where a field is missing, or one is there that this program would drop with its next save:
        whoever adds a field raises `schema`, and has an upcaster say what it is in documents of before.
        """
        for shape in range(schema, self.schema):
            stored = self.upcasters[shape](stored)
        state = self._codec.validate_python(stored)
        if is_dataclass(state) and stored.keys() != (known := _fields_of(state.__class__)):
            odd = sorted(stored.keys() ^ known)
            raise ValueError(f"Missing or unknown: {odd}. Was `schema` raised, and is there an upcaster?")
        return state


@cache
def _fields_of(state_type: type[Any]) -> frozenset[str]:
    return frozenset(each.name for each in fields(state_type))


def is_public(fact: Any) -> bool:
    """Whether a fact is of the published language."""
    return isinstance(fact, Fact)
