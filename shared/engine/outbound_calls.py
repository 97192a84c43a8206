"""What the engine asks of whoever makes outbound calls, around each save: `shared.engine.effects` makes them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from shared.engine.unit_of_work import UnitOfWork
from shared.ports import Traits

Submit = Callable[[Any], Awaitable[Any]]
"""How a work item comes in to the engine that saved the call: what was answered is decided there."""


class OutboundCalls(Protocol):
    """Makes the calls that documents owe. Nothing here waits."""

    @property
    def traits(self) -> Mapping[str, Traits]:
        """What the systems outside promise, by kind of effect."""

    def begin(self, unit: UnitOfWork) -> None:
        """Before the save: write down those calls that can be made at once."""

    def drive(self, unit: UnitOfWork, submit: Submit) -> None:
        """After the save: make the calls that were written down, and take up what else is due."""

    def release(self, unit: UnitOfWork, submit: Submit, *, is_certain: bool) -> None:
        """The save was lost: what it wrote down is not made. If that is not certain, find out, and go on from there."""

    def lease(self) -> timedelta:
        """For how long what is due now is ours to do; after that a timer wakes the document."""
