"""The invariants that hold whatever was killed: a function per rule, from evidence to sentences of what is wrong.

Nothing is read here, so that each rule can be shown to fail.
"""

from collections.abc import Callable, Sequence
from typing import Final

from tests.chaos.checks import facts, outside, referrals, visits
from tests.chaos.checks.log import unhandled
from tests.chaos.evidence import Evidence

RULES: Final[Sequence[Callable[[Evidence], list[str]]]] = (
    referrals.lost_or_doubled,
    referrals.refused_later,
    referrals.left_to_nobody,
    referrals.cancelled_but_going_on,
    facts.out_of_order,
    facts.told_otherwise_than_published,
    facts.told_in_two_ways,
    facts.left_in_outboxes,
    facts.unheard,
    facts.parked,
    facts.left_out_of_the_ledger,
    facts.recorded_otherwise_than_told,
    outside.asked_for_nobody,
    outside.other_than_wanted,
    outside.told_too_often,
    outside.said_but_not_sent,
    outside.calls_without_an_end,
    visits.overlapping,
    visits.booked_without_claims,
    visits.claimed_for_nothing,
    visits.kept_though_cancelled,
    visits.given_up_but_not_at_the_office,
    unhandled,
)


def violations(evidence: Evidence) -> list[str]:
    """Everything that is wrong, headed by its rule; none when all invariants hold."""
    return [f"{rule.__name__.replace('_', ' ')}: {found}" for rule in RULES for found in rule(evidence)]
