"""A run's summary for people: what was done to it, what that cost, what is wrong, and what nothing wrong proves."""

from collections import Counter
from collections.abc import Iterator
from statistics import median

from tests.chaos.faults import Fault
from tests.chaos.run import Outcome

_SHOWN_AT_MOST = 40


def summary(outcome: Outcome) -> Iterator[str]:
    """The lines."""
    evidence, plan = outcome.evidence, outcome.plan
    closed = sum(standing.phase == "closed" for standing in evidence.standings)
    yield f"seed        {plan.seed} (the same seed gives the same faults and orders)"
    yield f"referrals   {len(evidence.standings)}: {closed} closed, {len(evidence.standings) - closed} waiting"
    yield f"facts       {len({record.fact for record in evidence.published})} told, {_repeated(outcome)}"
    yield f"calls       {_counted(Counter(outcome.calls))}"
    yield f"faults      {len(outcome.strikes)}: {_counted(Counter(_sort(s.fault) for s in outcome.strikes))}"
    yield f"documents   {len(evidence.spoiled)} spoiled, and mended in a while"
    yield f"judge       {outcome.judgement}"
    yield f"recovery    {_recovery([strike.recovery_s for strike in outcome.strikes])}"
    yield f"time        {', '.join(f'{name} {seconds:.0f} s' for name, seconds in outcome.seconds.items())}"
    yield from (f"VIOLATION   {sentence}" for sentence in outcome.violations[:_SHOWN_AT_MOST])
    if len(outcome.violations) > _SHOWN_AT_MOST:
        yield f"            and {len(outcome.violations) - _SHOWN_AT_MOST} more"
    yield _bound(len(outcome.violations), len(evidence.standings))


def _bound(violations: int, referrals: int) -> str:
    if violations:
        return f"{violations} violations in {referrals} referrals"
    return f"0 violations in {referrals} referrals: at most 3/{referrals} = {3 / max(referrals, 1):.1e} at 95 %"


def _repeated(outcome: Outcome) -> str:
    published = outcome.evidence.published
    return f"{len(published) - len({record.fact for record in published})} of them more than once"


def _sort(fault: Fault) -> str:
    """Of replicas the service alone: they are alike."""
    return f"{fault.kind} {fault.targets[0].partition('-')[0]}"


def _recovery(seconds: list[float]) -> str:
    if not seconds:
        return "nothing struck"
    return f"half within {median(seconds):.1f} s, all within {max(seconds):.1f} s of being healed"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
