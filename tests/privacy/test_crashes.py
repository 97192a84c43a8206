"""Whatever breaks in the middle, and whatever the exception holds: nothing of it is left anywhere."""

import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from shared.identity import Role
from tests.privacy.canaries import found_in
from tests.privacy.conftest import logging_to
from tests.privacy.faults import BUS_STEPS, FAULTS, OUTSIDE_FAULTS, RARELY, STEPS, Faulty, raising
from tests.privacy.outside import Outside
from tests.privacy.playing import Stage
from tests.privacy.scanning import evidence_of
from tests.privacy.tales import TALES, order
from tests.support.five_services.running import FiveServices, open_services
from tests.support.memory import MemoryWorld

TOLD = ("completed", "declined", "incomplete")
DAYS = 30


class TestException:
    @pytest.mark.parametrize("steps", [STEPS, BUS_STEPS], ids=["of the store", "of the bus"])
    async def test_in_the_middle_leaves_no_canary(
        self, steps: Sequence[str], capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Each kind of exception at each step to store, clock and bus: what is logged has types and places alone."""
        weather, logged = Faulty.with_all(steps), io.StringIO()
        with logging_to(logged):
            async with open_services(Outside(), world=MemoryWorld(weather=weather)) as house:
                await house.until(partial(_after_more_work, house, weather, itertools.count()))
                evidence = evidence_of(house)
        evidence.add("logs", logged.getvalue().encode(), *(each.encode() for each in capfd.readouterr()))

        assert {} == evidence.leaks()
        assert {step: RARELY.get(step, len(FAULTS)) for step in steps} == Counter(weather.struck)
        assert all(name in logged.getvalue() for name in ("builtins.RuntimeError", "ValidationError", "ExceptionGroup"))

    async def test_in_a_gateway_leaves_no_canary(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Clients' own exceptions hold addresses and bodies; ours hold what they were given."""
        logged, outside, faults = io.StringIO(), Outside(), list(OUTSIDE_FAULTS.values()) * 3
        with logging_to(logged):
            async with open_services(raising(outside, faults)) as house:
                stage = Stage(house, outside)
                for name in TOLD:
                    await stage.begin(name, TALES[name])
                await stage.play(DAYS)
                evidence = evidence_of(house)
        evidence.add("logs", logged.getvalue().encode(), *(each.encode() for each in capfd.readouterr()))
        evidence.add("addresses", outside.seen_from_outside())

        assert {} == evidence.leaks()
        assert [] == faults
        assert "something failed, and is tried again" in logged.getvalue()

    @pytest.mark.parametrize("fault", FAULTS)
    def test_holds_what_is_looked_for(self, fault: str) -> None:
        """Each would be found if it were printed."""
        error = FAULTS[fault]()

        assert found_in(repr([error, error.args, error.__cause__]).encode())


async def _after_more_work(house: FiveServices, weather: Faulty, numbers: Iterator[int]) -> bool:
    """Whether every fault has struck; until then there is always something to do, and what ended is started again."""
    await house.revive()
    await house.ask("intake", "POST", "/v1/referrals", Role.CLINICIAN, json=order(f"n{next(numbers)}"))
    await house.ask("tracking", "GET", "/v1/parked", Role.OPERATOR)
    return weather.is_over
