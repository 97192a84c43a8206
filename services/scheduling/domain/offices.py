"""The offices that a placement was sent to: that of the chosen provider, and no other."""

from typing import Final

from services.scheduling.domain.state import Placement, Visit

_SAID_AGAIN: Final = frozenset({"answer_request", "record_outcome", "cancel_visit"})
"""The commands that an office may repeat after they took effect; it must then still find their subject."""


def put_to(placement: Placement, act: str) -> frozenset[str]:
    """The providers whose offices may do this: the one chosen now, and the one whose visit stands.

    Where nobody is chosen any more, the last one who was: its office may repeat what it said, and see nothing.
    """
    choice = placement.choice
    if choice is None and act in _SAID_AGAIN and placement.choices:
        choice = placement.choices[-1]
    visit = placement.visit
    chosen = {choice.provider_ref} if choice else set()
    return frozenset(chosen | ({visit.attempt.slot.provider_ref} if visit else set()))


def visits_of(placement: Placement, providers: frozenset[str] | None) -> tuple[Visit, ...]:
    """The visits at these providers'; None: all of them. An office chosen now has no business with those before."""
    return tuple(v for v in placement.visits if providers is None or v.attempt.slot.provider_ref in providers)
