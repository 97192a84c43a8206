"""What the engine asks of whoever makes outbound calls, around each save: `shared.engine.effects` makes them."""

from datetime import timedelta
from typing import Final, Protocol

from shared.effects.protocol import LEASE
from shared.engine.unit_of_work import UnitOfWork


class OutboundCalls(Protocol):
    """Makes the calls that documents owe. Nothing here waits."""

    def begin(self, unit: UnitOfWork) -> None:
        """Before the save: write down those calls that can be made at once."""

    def drive(self, unit: UnitOfWork) -> None:
        """After the save: make the calls that were written down, and take up what else is due."""

    def release(self, unit: UnitOfWork, *, is_certain: bool) -> None:
        """The save was lost: what it wrote down is not made. If that is not certain, find out, and go on from there."""

    def lease(self) -> timedelta:
        """For how long what is due now is ours to do; after that the clock wakes the document."""


class _NoEffects:
    """For aggregates that owe nothing, and tests that make the calls themselves."""

    def begin(self, unit: UnitOfWork) -> None:
        """Nothing."""

    def drive(self, unit: UnitOfWork) -> None:
        """Nothing."""

    def release(self, unit: UnitOfWork, *, is_certain: bool) -> None:
        """Nothing."""

    def lease(self) -> timedelta:
        """As long as a call would be ours."""
        return LEASE


NO_EFFECTS: Final[OutboundCalls] = _NoEffects()
