"""A count that costs much is not made for each who looks."""

import asyncio
from dataclasses import dataclass, field

import pytest

from services.tracking.views.reuse import CHEAP_S, LONGEST_S, TIMES, Reuse
from shared.errors import Unavailable


@dataclass
class Counting:
    """Counts that take as long as they are told to, on a clock that they move themselves."""

    cost_s: float = 1.0
    now_s: float = 0.0
    counted: int = 0
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    def __post_init__(self) -> None:
        """Nobody has counted."""
        self.may_end.set()
        self.reuse: Reuse[int] = Reuse(lambda: self.now_s)

    async def count(self) -> int:
        """Take the time, and return how often it was counted."""
        self.counted += 1
        await self.may_end.wait()
        self.now_s += self.cost_s
        if self.fails:
            raise Unavailable
        return self.counted

    async def asked(self, key: str = "demo") -> int:
        """Somebody looks."""
        return await self.reuse.of(key, self.count)


class TestReuse:
    async def test_counts_anew_what_costs_little(self) -> None:
        """Where there is little, everybody sees it as it is now."""
        counting = Counting(cost_s=CHEAP_S)

        assert [1, 2] == [await counting.asked(), await counting.asked()]

    @pytest.mark.parametrize(("cost_s", "reused_s"), [(1.0, TIMES * 1.0), (30.0, LONGEST_S)])
    async def test_shows_again_for_as_long_as_it_was_worth(self, cost_s: float, reused_s: float) -> None:
        """A tenth of the time at most goes into counting, and what is shown is never old."""
        counting = Counting(cost_s)
        first = await counting.asked()

        counting.now_s += reused_s - 0.1
        again = await counting.asked()
        counting.now_s += 0.1
        later = await counting.asked()

        assert [1, 1, 2] == [first, again, later]

    async def test_counts_once_for_all_who_wait(self) -> None:
        """Forty people open the page at eight."""
        counting = Counting(cost_s=0.0)
        counting.may_end.clear()
        waiting = [asyncio.create_task(counting.asked()) for _ in range(40)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        counting.may_end.set()

        assert [1] * 39 == await asyncio.gather(*waiting[1:])

    async def test_keeps_tenants_apart(self) -> None:
        """Nobody sees the figures of others."""
        counting = Counting()

        assert [1, 2] == [await counting.asked("demo"), await counting.asked("other")]

    async def test_remembers_no_failure(self) -> None:
        """Whoever asks after an outage gets an answer."""
        counting = Counting(fails=True)
        with pytest.raises(Unavailable):
            await counting.asked()
        counting.fails = False

        assert 2 == await counting.asked()
