from datetime import timedelta
from typing import Any

import pytest

from deploy.cli.quiet import unrest
from deploy.platform import registry
from tests.unit.cli.looks import NOON, look

CONSUMES = registry.consumes()


class TestUnrest:
    def test_is_none_when_all_that_was_told_is_heard(self) -> None:
        """Every listener of a publisher has taken in as many facts as it told."""
        heard = {name: {"seen_intake": 3} for name in ("authorization", "scheduling", "notifications", "tracking")}

        assert unrest(look({"intake": {"told": 3}, **heard}), NOON, CONSUMES) is None

    @pytest.mark.parametrize(
        ("services", "expected"),
        [
            (
                {"intake": {"parked": 1, "unpublished": 1}},
                "intake has not published what 1 of its only documents told",
            ),
            ({"scheduling": {"calls": 2}}, "scheduling waits for the outcome of 2 calls"),
            ({"intake": {"next_wake_at": NOON}}, "intake has only documents that are due"),
            ({"intake": {"told": 1}}, "authorization has not taken in 1 facts of intake"),
        ],
    )
    def test_names_what_is_going_on(self, services: dict[str, Any], expected: str) -> None:
        """An outbox, a live call, a due deadline and a fact on its way each keep the clock where it is."""
        assert expected == unrest(look(services), NOON, CONSUMES)

    @pytest.mark.parametrize("backlog", [{"due_now": 1}, {"in_flight": 1}])
    def test_waits_for_answers_from_outside(self, backlog: dict[str, Any]) -> None:
        """Nothing is quiet while somebody outside still has to answer."""
        assert "the simulators still have 1 answers to give" == unrest(look(backlog=backlog), NOON, CONSUMES)

    def test_waits_until_every_clock_has_noticed_a_move(self) -> None:
        """A service that believes the old time has not decided what the new one brings."""
        assert "intake has not noticed yet that time was moved" == unrest(look(), NOON + timedelta(hours=1), CONSUMES)

    def test_does_not_wait_for_what_an_operator_must_resolve(self) -> None:
        """What is parked is not seen until somebody resolves it, and time goes on meanwhile."""
        heard = {name: {"seen_intake": 3} for name in ("authorization", "notifications", "tracking")}

        assert (
            unrest(
                look({"intake": {"told": 3}, "scheduling": {"parked": 1, "seen_intake": 2}, **heard}), NOON, CONSUMES
            )
            is None
        )


class TestLook:
    def test_finds_the_earliest_thing_to_come(self) -> None:
        """Deadlines of services and callbacks of simulators count alike."""
        later, earlier = NOON + timedelta(hours=2), NOON + timedelta(hours=1)

        assert earlier == look({"scheduling": {"next_wake_at": earlier}}, {"next_due_at": later}).next_due_at
        assert earlier == look({"scheduling": {"next_wake_at": later}}, {"next_due_at": earlier}).next_due_at
        assert look().next_due_at is None
