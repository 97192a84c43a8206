"""How much one client may ask of one process."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from shared.identity import Caller, Limits, Rates, Role, TooMany
from shared.identity.limits import CLIENTS_KEPT
from tests.support.parties import PARTIES, client_of

RATES = Rates(reads_per_s=4, writes_per_s=2, at_once=3)


@dataclass
class Door:
    """Limits on a clock that stands still until it is moved."""

    rates: Rates = RATES
    now_s: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Make the limits."""
        self.limits = Limits(self.rates, lambda: self.now_s, lambda why: self.refused.update([why]))

    def comes(self, caller: Caller, method: str = "POST", times: int = 1) -> int:
        """How many of so many requests, one after the other, are let in."""
        return sum(self._comes(caller, method) for _ in range(times))

    def _comes(self, caller: Caller, method: str) -> bool:
        try:
            leave = self.limits.admit(caller, method)
        except TooMany:
            return False
        leave()
        return True


def person(subject: str) -> Caller:
    """Somebody in the console."""
    return Caller("demo", subject, frozenset({Role.COORDINATOR}), None, "console")


def program(name: str, role: Role, subject: str = "service-account") -> Caller:
    """A program of a party."""
    client = client_of("demo", name)
    return Caller("demo", subject, frozenset({role}), None, client, PARTIES.of_client("demo", client))


class TestRate:
    def test_is_two_seconds_worth_at_once(self) -> None:
        """Whoever was quiet for a while sends what has gathered; whoever goes on is slowed down."""
        door = Door()

        assert 4 == door.comes(person("ada"), times=10)
        door.now_s += 1
        assert 2 == door.comes(person("ada"), times=10)
        door.now_s += 3600
        assert 4 == door.comes(person("ada"), times=10)

    def test_is_by_class_of_route(self) -> None:
        """Who has written too much may still read what became of it."""
        door = Door()
        door.comes(person("ada"), times=10)

        assert 8 == door.comes(person("ada"), "GET", times=10)

    def test_is_each_clients_own(self) -> None:
        """One faulty program takes nothing from anybody else; people share a client and are told apart."""
        door = Door()
        door.comes(program("main-ehr", Role.EHR), times=10)
        door.comes(person("ada"), times=10)

        assert 4 == door.comes(person("bob"), times=10)
        assert 4 == door.comes(program("medicare", Role.PAYER), times=10)

    def test_is_one_for_a_program_under_all_its_names(self) -> None:
        """Otherwise it would have another share with each name."""
        door = Door()
        door.comes(program("main-ehr", Role.EHR), times=10)

        assert 0 == door.comes(program("main-ehr", Role.EHR, "another"), times=10)

    def test_is_without_end_for_our_own_programs(self) -> None:
        """They work off what others sent."""
        ours = Caller("demo", "loader", frozenset({Role.INTERNAL}), None, "loader")

        assert 100 == Door().comes(ours, times=100)

    @pytest.mark.parametrize(("rate", "wait_s"), [(0.1, 10), (2, 1), (1000, 1)])
    def test_says_when_to_come_back(self, rate: float, wait_s: int) -> None:
        """Then at least one request is let in."""
        door = Door(Rates(rate, rate, 3))
        door.comes(person("ada"), times=3000)
        with pytest.raises(TooMany) as raised:
            door.limits.admit(person("ada"), "POST")

        assert wait_s == raised.value.retry_after_s
        door.now_s += wait_s
        assert 1 <= door.comes(person("ada"), times=1)

    def test_of_whom_nothing_was_heard_for_long_is_forgotten(self) -> None:
        """Memory has a bound, however many clients there are."""
        door = Door()
        door.comes(person("ada"), times=10)
        for n in range(CLIENTS_KEPT):
            door.comes(person(f"p{n}"))

        assert 4 == door.comes(person("ada"), times=10)


class TestAtOnce:
    def test_sends_away_what_is_too_much(self) -> None:
        """A client that waits for many answers fills the process as much as one that asks often."""
        door = Door(Rates(100, 100, 3))
        leaves = [door.limits.admit(person("ada"), "GET") for _ in range(3)]

        assert 0 == door.comes(person("ada"))
        assert 1 == door.comes(person("bob"))
        leaves[0]()
        assert 1 == door.comes(person("ada"))

    def test_counts_why(self) -> None:
        """An operator sees which bound it was."""
        door = Door(Rates(1, 1, 1))
        door.limits.admit(person("ada"), "GET")
        door.comes(person("ada"))
        door.comes(person("bob"), times=3)

        assert {"at_once": 1, "rate": 1} == door.refused
