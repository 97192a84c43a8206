"""Whom a referral concerns outside: the EHR that placed it, and whose office it was put to. None is never guessed."""

from services.intake.domain.state import Referral, State


def placed_by(state: State) -> str | None:
    """The EHR that placed the order. None: a person did, or it came before this was kept."""
    return state.placed_by if isinstance(state, Referral) else None


def put_to(state: State) -> frozenset[str]:
    """The provider who shall see the patient, as far as intake has heard."""
    chosen = state.chosen if isinstance(state, Referral) else None
    return frozenset({chosen.provider_ref} if chosen else ())
