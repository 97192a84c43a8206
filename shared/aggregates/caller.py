"""What the engine asks of whoever makes outbound calls, around each save. The one that makes them is shared.effects."""

from datetime import timedelta
from typing import Final, Protocol

from shared.aggregates.draft import Draft
from shared.calls import HANDOVER


class Caller(Protocol):
    """Makes the calls that documents owe. Nothing here waits."""

    def begin(self, draft: Draft) -> None:
        """Before the save: write down those calls that can be made at once."""

    def drive(self, draft: Draft) -> None:
        """After the save: make the calls that were written down, and take up what else is due."""

    def release(self, draft: Draft, *, is_certain: bool) -> None:
        """The save was lost: what it wrote down is not made. If that is not certain, find out, and go on from there."""

    def handover(self) -> timedelta:
        """For how long what is due now is ours to do; after that the clock wakes the document."""


class _NoCaller:
    """For aggregates that owe nothing, and tests that make the calls themselves."""

    def begin(self, draft: Draft) -> None:
        """Nothing."""

    def drive(self, draft: Draft) -> None:
        """Nothing."""

    def release(self, draft: Draft, *, is_certain: bool) -> None:
        """Nothing."""

    def handover(self) -> timedelta:
        """As long as a call would be ours."""
        return HANDOVER


NO_CALLER: Final[Caller] = _NoCaller()
