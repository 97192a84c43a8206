import pytest

from services.authorization import domain
from services.authorization.store import CASE
from shared.contracts.language import Command
from tests.support.given import given, kinds
from tests.unit.authorization.words import answer, by_person, chosen, eligible, opened, started


def hold() -> domain.HoldCase:
    """The order is on hold."""
    return domain.HoldCase(**by_person())


def resume() -> domain.ResumeCase:
    """The order is active again."""
    return domain.ResumeCase(**by_person())


class TestHoldCase:
    def test_asks_nobody_anything_new(self) -> None:
        """Neither whether the policy is in force, nor for leave for a provider."""
        assert ["CaseStarted"] == kinds(domain.decide(started(), given(CASE, opened(), hold())))
        checked = given(CASE, opened(), started(), eligible(), hold())
        assert ["ProviderAdopted"] == kinds(domain.decide(chosen(), checked))

    def test_keeps_what_was_asked_and_granted(self) -> None:
        """The payer's answer still counts, and the visit under it may take place."""
        before = opened(), started(), eligible(), chosen(), hold()

        assert "AuthorizationApproved" in kinds(domain.decide(answer("A1"), given(CASE, *before)))
        assert given(CASE, *before, answer("A1")).has_clearance

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """Held is held."""
        assert [] == domain.decide(hold(), given(CASE, opened(), hold()))


class TestResumeCase:
    @pytest.mark.parametrize(
        ("history", "begun"),
        [
            ((opened(), hold(), started()), "CheckWanted"),
            ((opened(), started(), eligible(), hold(), chosen()), "Reque"),
        ],
    )
    def test_asks_what_was_not_asked_meanwhile(self, history: tuple[Command, ...], begun: str) -> None:
        """It goes on where it was."""
        first, then, *_ = kinds(domain.decide(resume(), given(CASE, *history)))

        assert "CaseResumed" == first
        assert then.startswith(begun)

    def test_stays_quiet_when_nothing_is_held(self) -> None:
        """Delivered twice, or first."""
        assert [] == domain.decide(resume(), given(CASE, opened()))


class TestTakePathway:
    TAKE = domain.TakePathway(**by_person(), pathway="pw-2")

    def test_says_what_the_payer_is_asked_about(self) -> None:
        """An order without a pathway gets one from a person before it is complete."""
        assert "pw-2" == given(CASE, opened(), self.TAKE).pathway

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """The same pathway again."""
        assert [] == domain.decide(self.TAKE, given(CASE, opened(), self.TAKE))
