"""Facts of different sources fall in any order, answers come twice, late and reordered: one state at the end."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from services.authorization import domain
from shared.contracts.language import Command
from tests.unit.authorization.words import (
    HERE,
    PAYER,
    THERE,
    answer,
    cancelled,
    chosen,
    closed,
    eligible,
    heard,
    item,
    opened,
    seen,
    started,
)

STORIES: dict[str, tuple[Sequence[Command], Sequence[Command]]] = {
    "the usual": ([opened(), started()], [chosen()]),
    "stat": ([opened("stat"), started()], [chosen(), seen()]),
    "another provider": ([opened(), started()], [chosen(HERE), chosen(THERE)]),
    "there and back": ([opened(), started()], [chosen(HERE), chosen(THERE), chosen(HERE)]),
    "seen": ([opened(), started()], [chosen(), seen()]),
    "seen, completed": ([opened(), started(), closed("completed")], [chosen(), seen()]),
    "cancelled": ([opened(), started(), cancelled()], [chosen()]),
    "cancelled, closed": ([opened(), started(), cancelled(), closed()], [chosen(), chosen(THERE)]),
    "cancelled before complete": ([opened(), cancelled(), started()], [chosen()]),
    "cancelled but seen": ([opened(), started(), cancelled()], [chosen(), seen()]),
    "cancelled, closed, but seen": ([opened(), started(), cancelled(), closed()], [chosen(), seen()]),
}
SEEDS = 60
TWICE = 0.25
INSURANCE = {"covered": "Y", "free": "N"}
DECISIONS: dict[str, list[str]] = {
    "approved": ["A4", "A1"],
    "denied": ["A4", "A3"],
    "strange": ["A4", "Z9"],
    "exempt": ["NA"],
    "pended for ever": ["A4"],
    "turned": ["A4", "A3", "A1"],
}


@dataclass
class Payer:
    """Answers each check and each request that it was ever asked, all its answers at once and in no order."""

    auth_required: str
    actions: list[str]
    asked: set[tuple[str, int]] = field(default_factory=set)
    answers: list[Command] = field(default_factory=list)

    def hear(self, case: domain.Case) -> None:
        """Take what the case wants now and did not want before."""
        for effect in domain.wanted_effects(case):
            if (effect.kind, effect.revision) not in self.asked:
                self.asked.add((effect.kind, effect.revision))
                self.answers.extend(self._answers(effect.kind, effect.revision, case))

    def _answers(self, kind: str, revision: int, case: domain.Case) -> Iterator[Command]:
        if kind == "eligibility":
            yield eligible(self.auth_required, check=revision)
            return
        granted = (item(case.provider or HERE),)
        for number, action in enumerate(self.actions, 1):
            yield answer(action, number, revision, items=granted)


def told_in_order(story: str, payer: Payer) -> domain.Case:
    """The story as it happened: each source after what it reacts to, each answer at once."""
    intake, scheduling = STORIES[story]
    case = domain.INITIAL
    for command in [*intake[:2], *scheduling, *intake[2:]]:
        case = take(case, command, payer)
        while payer.answers:
            case = take(case, payer.answers.pop(0), payer)
    return case


def told_anyhow(story: str, payer: Payer, chance: Random) -> domain.Case:
    """The same, with the sources interleaved and the payer's answers anywhere, some of them twice."""
    sources = [deque(source) for source in STORIES[story]]
    case = domain.INITIAL
    while ready := [source for source in (*sources, payer.answers) if source]:
        source = chance.choice(ready)
        if isinstance(source, deque):
            command = source.popleft()
        else:
            command = source.pop(chance.randrange(len(source)))
            source.extend([command] if chance.random() < TWICE else [])
        case = take(case, command, payer)
    return case


def take(case: domain.Case, command: Command, payer: Payer) -> domain.Case:
    """Decide, fold, and let the payer hear what is wanted."""
    for fact in domain.decide(command, case):
        case = domain.evolve(case, fact)
    payer.hear(case)
    return case


def shown(case: domain.Case) -> dict[str, Any]:
    """All that anybody can see of a case but how often it was asked anew, and what was known when it was withdrawn."""
    request = None if case.is_over else case.request
    return {
        "situation": domain.status(case),
        "tasks": domain.tasks(case),
        "due": domain.next_due(case),
        "allowed": domain.allowed(case),
        "request": (request.standing, request.number, request.provider) if request else None,
        "flags": (case.is_overridden, case.is_used, case.is_withdrawn, case.ending, case.has_clearance),
    }


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("insurance", INSURANCE)
@pytest.mark.parametrize("story", STORIES)
def test_every_interleaving_ends_in_one_state(story: str, insurance: str, decision: str) -> None:
    """Whichever way facts and answers fall, everybody sees the same in the end."""
    auth_required, actions = INSURANCE[insurance], DECISIONS[decision]
    expected = shown(told_in_order(story, Payer(auth_required, actions)))

    for seed in range(SEEDS):
        assert expected == shown(told_anyhow(story, Payer(auth_required, actions), Random(seed))), f"seed {seed}"


def test_the_stories_end_differently() -> None:
    """The property above would hold of a domain that does nothing: this one does something."""
    ends = {
        domain.status(told_in_order(story, Payer(INSURANCE[insurance], DECISIONS[decision])))
        for story in STORIES
        for insurance in INSURANCE
        for decision in DECISIONS
    }

    assert {"approved", "denied", "person_needed", "not_required", "pended", "withdrawn"} == ends


def test_without_coverage_nothing_interleaves() -> None:
    """Who pays for himself is decided before anybody is asked."""
    unseen = domain.OpenCase(**heard(), priority="routine", pathway="pw-1", coverage=None, clinical=None)
    payer = Payer(PAYER.id, [])
    case = domain.INITIAL
    for command in (chosen(), unseen, started(), seen(), cancelled()):
        case = take(case, command, payer)

    assert (set(), "not_required") == (payer.asked, domain.status(case))
