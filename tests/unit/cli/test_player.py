import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from deploy.cli.exits import Failure
from deploy.cli.player import Move, Plan, Player, patiently, real_seconds, rounded_up
from deploy.cli.quiet import Look
from shared.errors import Unavailable, Unknown
from tests.unit.cli.looks import NOON, look

HOUR = timedelta(hours=1)


@dataclass
class HandMovedClock:
    """A clock that stands where it was put."""

    at: datetime = NOON
    moved_to: list[datetime] = field(default_factory=list)
    fails_before_each: int = 0
    _failed: int = 0

    async def read(self) -> datetime:
        """Where it stands."""
        self._answer()
        return self.at

    def now(self) -> datetime:
        """Where it stands."""
        return self.at

    async def refresh(self) -> None:
        """Always noticed."""

    def monotonic(self) -> float:
        """Not asked for."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Not asked for."""
        raise NotImplementedError

    async def move_to(self, instant: datetime) -> None:
        """Put it somewhere else."""
        self._answer()
        self.at = max(instant, self.at)
        self.moved_to.append(instant)

    def _answer(self) -> None:
        self._failed = (self._failed + 1) % (self.fails_before_each + 1)
        if self._failed:
            raise Unavailable


@dataclass
class World:
    """A platform on which things are due at given instants, and are done as soon as their time has come."""

    clock: HandMovedClock
    due: list[datetime]
    looks: Iterable[Look] = ()

    async def look(self) -> Look:
        """What was prepared, then what is to come."""
        for prepared in self.looks:
            return prepared
        self.due = [instant for instant in self.due if instant > self.clock.at]
        return look(backlog={"next_due_at": min(self.due, default=None)}, now=self.clock.at)


def player(world: World) -> Player:
    """A player of this world, watched by nobody."""

    async def nobody(_instant: datetime) -> None:
        return None

    return Player(world.clock, world.look, nobody)


def hurrying(world: World) -> Player:
    """The same, by a clock on the wall that goes on by 50 s each time it is looked at."""
    seconds = itertools.count(50, 50)
    return replace(player(world), monotonic=lambda: next(seconds))


class TestPlay:
    async def test_jumps_to_the_hour_of_what_is_due_next(self) -> None:
        """Jumps are few: what falls due within one hour is done in one."""
        clock = HandMovedClock()
        due = [NOON + timedelta(minutes=minutes) for minutes in (10, 50, 61)]

        await player(World(clock, due)).play(NOON + 24 * HOUR)

        assert [NOON + HOUR, NOON + 2 * HOUR] == clock.moved_to

    async def test_ends_when_nothing_is_due(self) -> None:
        """A story that is over is over, whatever the horizon."""
        clock = HandMovedClock()

        await player(World(clock, [])).play(NOON + 24 * HOUR)

        assert [] == clock.moved_to

    async def test_ends_at_the_horizon(self) -> None:
        """What is due after the last day stays undone."""
        clock = HandMovedClock()

        await player(World(clock, [NOON + 25 * HOUR])).play(NOON + 24 * HOUR)

        assert [] == clock.moved_to

    async def test_does_what_is_planned_at_its_time(self) -> None:
        """Somebody may act in the middle of a story, also when nothing is due by itself."""
        clock = HandMovedClock()
        done: list[datetime] = []

        async def act() -> None:
            done.append(clock.at)

        await player(World(clock, [])).play(NOON + 24 * HOUR, [Plan(NOON + 3 * HOUR, act), Plan(NOON + HOUR, act)])

        assert [NOON + HOUR, NOON + 3 * HOUR] == done

    async def test_keeps_the_clock_while_anything_happens(self) -> None:
        """Time that is moved while a fact is on its way would make deadlines pass that were met."""
        clock = HandMovedClock()
        busy = iter([look({"intake": {"calls": 1}}), look({"intake": {"told": 1}}), look()])
        world = World(clock, [NOON + HOUR], busy)

        await player(world).play(NOON + 24 * HOUR)

        assert next(iter(world.looks), None) is None
        assert [NOON + HOUR] == clock.moved_to

    async def test_takes_larger_steps_later_on(self) -> None:
        """The first two days go by in hours, the weeks after them in steps of four."""
        clock = HandMovedClock()
        due = [NOON + timedelta(days=days, minutes=1) for days in (1, 3)]

        await player(World(clock, due)).play(NOON + timedelta(days=9))

        assert [NOON + timedelta(days=1, hours=1), NOON + timedelta(days=3, hours=4)] == clock.moved_to

    async def test_bears_that_the_clock_is_not_told_at_once(self) -> None:
        """A database that answers two seconds late does so once: the story goes on."""
        clock = HandMovedClock(fails_before_each=2)
        played = player(World(clock, [NOON + 3 * HOUR]))

        await played.begin(NOON + HOUR)
        await played.play(NOON + 24 * HOUR)

        assert [NOON + HOUR, NOON + 3 * HOUR] == clock.moved_to


class TestPatiently:
    async def test_gives_up_when_patience_is_over(self) -> None:
        """A clock that is wrong for good is said to be."""
        with pytest.raises(Failure, match="did not tell the time"):
            await patiently(HandMovedClock(fails_before_each=1_000_000).read, patience_s=0)

    async def test_does_not_repeat_what_was_perhaps_done(self) -> None:
        """A move that landed and is made again might take time twice as far."""
        asked: list[None] = []

        async def perhaps_done() -> None:
            asked.append(None)
            raise Unknown

        with pytest.raises(Unknown):
            await patiently(perhaps_done)

        assert 1 == len(asked)


class TestSettle:
    async def test_wants_two_equal_looks(self) -> None:
        """One quiet look proves nothing: its parts were taken one after the other."""
        heard = {name: {"seen_intake": 1} for name in ("authorization", "scheduling", "notifications", "tracking")}
        quiet = [look(), look({"intake": {"told": 1}, **heard}), look({"intake": {"told": 1}, **heard})]

        found = await player(World(HandMovedClock(), [], iter(quiet))).settle()

        assert quiet[-1] == found

    async def test_waits_for_as_long_as_it_becomes_less(self) -> None:
        """What twenty thousand referrals left undone in an outage takes more than two minutes."""
        busy = [look({"intake": {"told": n, "unpublished": 1}}) for n in range(12)]

        assert look() == await hurrying(World(HandMovedClock(), [], iter(busy))).settle()

    @pytest.mark.parametrize("numbers", [itertools.repeat(1), itertools.count()], ids=["nothing moves", "endlessly"])
    async def test_gives_up(self, numbers: Iterator[int]) -> None:
        """Two minutes after the last change nothing changes any more; and what never ends is given half an hour."""
        busy = (look({"intake": {"told": n, "unpublished": 1}}) for n in numbers)

        with pytest.raises(Failure, match="It never got quiet"):
            await hurrying(World(HandMovedClock(), [], busy)).settle()

    async def test_bears_that_a_service_is_away(self) -> None:
        """A service that was killed answers again when it was started again."""
        world = World(HandMovedClock(), [])
        absences = iter([Failure("intake does not answer.", "")])

        async def at_first_away() -> Look:
            for failure in absences:
                raise failure
            return await world.look()

        assert look() == await Player(world.clock, at_first_away, _nothing).settle()


class TestRealSeconds:
    def test_leaves_out_what_was_skipped(self) -> None:
        """A day of story between two instants took as long as it took at the clock on the wall."""
        moves = [Move(NOON + timedelta(seconds=5), NOON + 24 * HOUR)]

        assert pytest.approx(7) == real_seconds(NOON, NOON + 24 * HOUR + timedelta(seconds=2), moves)
        assert pytest.approx(3) == real_seconds(NOON, NOON + timedelta(seconds=3), moves)


class TestRoundedUp:
    def test_is_never_earlier(self) -> None:
        """A deadline that is rounded down would not be due."""
        assert NOON == rounded_up(NOON, HOUR)
        assert NOON + HOUR == rounded_up(NOON + timedelta(microseconds=1), HOUR)
        assert NOON + 4 * HOUR == rounded_up(NOON + HOUR, 4 * HOUR)
        assert NOON + 12 * HOUR == rounded_up(NOON + 9 * HOUR, 4 * HOUR)


async def _nothing(_instant: datetime) -> None:
    return None
