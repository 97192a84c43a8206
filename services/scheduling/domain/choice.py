"""Chooses the provider: the best candidate that was not chosen before, or the one that a person names."""

from services.scheduling.domain.deadlines import answer_due_at
from services.scheduling.domain.escalation import escalate, order_of
from services.scheduling.domain.facts import OfficeAsked, PlacementFact
from services.scheduling.domain.state import Candidate, Placement
from shared.contracts.language import Command
from shared.contracts.scheduling import ProviderAccepted, ProviderChosen

MOST_CHOICES = 50
"""A limit, because a document has a maximum size. A caller that chooses more has a defect."""


def choose_next(command: Command, state: Placement) -> list[PlacementFact]:
    """Choose the best candidate left. With none left, a person chooses."""
    chosen = {choice.provider_ref for choice in state.choices}
    left = [candidate for candidate in state.candidates if candidate.provider_ref not in chosen]
    return choose(left[0], command, state) if left else [*escalate("choose_provider", command, state)]


def choose(candidate: Candidate, command: Command, state: Placement) -> list[PlacementFact]:
    """Choose this provider. A provider of our own accepts at once; an office is asked."""
    order, number = order_of(state), len(state.choices) + 1
    place = {"referral_id": order.referral_id, "choice": number, "provider_ref": candidate.provider_ref}
    attribution = {**vars(command.attribution), **place, "site_ref": candidate.site_ref}
    chosen = ProviderChosen(**attribution, scheduled_by="own")
    if candidate.is_in_house:
        return [chosen, ProviderAccepted(**attribution)]
    return [chosen, OfficeAsked(number, answer_due_at(order.priority, command.at))]
