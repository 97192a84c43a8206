"""Facts of different services interleave as they like."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from services.scheduling import domain as d
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    APPROVED,
    AWAY,
    DENIED,
    ENDED,
    FAR,
    HOUSE,
    NOT_REQUIRED,
    OVERRIDDEN,
    REQUESTED,
    WITHDRAWN,
    item,
    ordered,
    placed,
    report,
    say,
)


def interleavings(*sources: Sequence[Any]) -> Iterator[list[Any]]:
    """Every order that keeps each source's own."""
    turns = [index for index, source in enumerate(sources) for _ in source]
    for order in sorted(set(itertools.permutations(turns))):
        queues = [iter(source) for source in sources]
        yield [next(queues[index]) for index in order]


def end_of(history: Sequence[Any]) -> Any:
    """What counts of a placement: how often was searched on the way does not."""
    state = placed(*history)
    effects = [(effect.kind, effect.target) for effect in d.wanted_effects(state)]
    return only(d.tasks(state)), d.next_due(state), effects, state.leave, state.is_over, state.choice


class TestFactsOfOtherServices:
    @pytest.mark.parametrize("candidates", [(HOUSE,), (AWAY, FAR)])
    @pytest.mark.parametrize(
        "authorization",
        [
            [APPROVED],
            [OVERRIDDEN, DENIED],
            [APPROVED, DENIED],
            [NOT_REQUIRED, say(d.RecordApproval, items=(item("pr-other"),))],
            [APPROVED, WITHDRAWN],
            [REQUESTED, DENIED, APPROVED],
        ],
    )
    @pytest.mark.parametrize("end", [[], [ENDED], [report()]])
    def test_end_the_same_in_whatever_order_they_come(self, candidates: Any, authorization: Any, end: Any) -> None:
        """Order is promised within one service alone."""
        contact = [say(d.RecordContact, outcome="declined")]
        ends = [end_of(history) for history in interleavings([*ordered(*candidates), *end], authorization, contact)]

        assert all(found == ends[0] for found in ends)
