"""What a service's domain hands to the engine: pure functions and the shape of its state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any, Generic

from pydantic import TypeAdapter
from typing_extensions import TypeVar

from shared.contracts.language import Command, Effect, Fact, Task
from shared.ports import Stored

Upcaster = Callable[[Stored], Stored]
State = TypeVar("State", default=Any)
Asked = TypeVar("Asked", bound=Command, default=Any)
"""The commands of a domain."""
Happened = TypeVar("Happened", default=Any)
"""The facts of a domain, published or private."""


def _no_effects(_state: object) -> Sequence[Effect]:
    return ()


@dataclass(frozen=True)
class Decider(Generic[State, Asked, Happened]):
    """One kind of aggregate.

    `decide(command, state)` returns facts, is quiet when there is nothing to do, or raises Rejected. Facts of
    `shared.contracts` are published; any other frozen value is folded and stays private. `evolve` is
    total. `tasks` are all that somebody must do now, the most pressing first. `next_due` is the earliest instant at
    which a Tick has something to decide, None when nothing is armed.
    `state_type` may be a class or a union, read and written by pydantic. `schema` counts its shapes; `upcasters[n]`
    turns a stored state of shape n into n + 1. `row_of(state, fact)` gives the immutable row, if any, that a fact adds
    beside the document.
    `is_referral`: whether its key is a referral's. One of another key (a patient) publishes its own facts and nothing
    of its own work, since the facts of that name a referral: `/v1/parked` and `throughline_parked` alone say that it is
    parked, and tasks that change in private are not published.
    """

    name: str
    initial: State
    state_type: Any
    decide: Callable[[Asked, State], Sequence[Happened]]
    evolve: Callable[[State, Happened], State]
    tasks: Callable[[State], tuple[Task, ...]]
    next_due: Callable[[State], datetime | None]
    wanted_effects: Callable[[State], Sequence[Effect]] = _no_effects
    schema: int = 1
    is_referral: bool = True
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    row_of: Callable[[State, Happened], Stored | None] | None = None

    @cached_property
    def _codec(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.state_type)

    def encode(self, state: State) -> Any:
        """The state as JSON values."""
        return self._codec.dump_python(state, mode="json")

    def decode(self, stored: Any, schema: int) -> State:
        """The state from JSON values of any shape that was ever stored.

        Raises ValueError where a field is missing, or one is there that this program would drop with its next save:
        whoever adds a field raises `schema`, and has an upcaster say what it is in documents of before.
        """
        for shape in range(schema, self.schema):
            stored = self.upcasters[shape](stored)
        state: State = self._codec.validate_python(stored)
        if is_dataclass(state) and stored.keys() != (known := _fields_of(state.__class__)):
            odd = sorted(stored.keys() ^ known)
            raise ValueError(f"Missing or unknown: {odd}. Was `schema` raised, and is there an upcaster?")
        return state


@cache
def _fields_of(state_type: type[Any]) -> frozenset[str]:
    return frozenset(each.name for each in fields(state_type))


def is_public(fact: object) -> bool:
    """Whether a fact is of the published language."""
    return isinstance(fact, Fact)
