"""One run of a replica of a service: the world that it is handed, and the weather that it meets there."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.audit import Rows
from shared.effects.protocol import STALL_S
from shared.errors import Unavailable
from shared.ports import Bus, Clock, Collection, Subscription
from tests.simulation.scheduler import OWNER
from tests.simulation.storm import Storm
from tests.support.memory import Broker, Disk, MemoryBus, MemoryRows, MemoryStore, MemorySubscription, Weather

STEP_S, TAKES_TIME = 0.004, 0.4
SKEW_AT_MOST_S = 2.0
IDLE_WAIT_S = 30.0
FREEZES_S = (0.5, 2.0, 4.0, 12.0)


class ReplicaWeather(Weather):
    """The storm as one replica meets it: at every step time passes, and it may stand still or die.

    What stood still for too long does nothing more. No timer sees to that in the product: ADR 10 assumes it.
    """

    dead_man_s = STALL_S

    def __init__(self, name: str, storm: Storm, die: Callable[[], None], missed: Callable[[float], None]) -> None:
        self.name, self._storm, self._die, self._missed = name, storm, die, missed
        self.is_dead = False
        self.frozen_until = 0.0
        self._is_doomed = False

    def freeze(self, seconds: float) -> None:
        """The process stands still, as under SIGSTOP or in a machine that is moved."""
        self.frozen_until = self._storm.loop.time() + seconds
        self._is_doomed = self._is_doomed or seconds > self.dead_man_s
        self._missed(seconds)

    @property
    def will_wake(self) -> bool:
        """Whether it stands still now, and is to go on."""
        return self.frozen_until > self._storm.loop.time() and not (self._is_doomed or self.is_dead)

    async def step(self, name: str) -> None:
        """One step through a port. The dead never take another."""
        del name
        storm = self._storm
        if storm.random.random() < TAKES_TIME:
            await asyncio.sleep(storm.random.expovariate(1 / STEP_S))
        elif storm.is_stormy:
            await asyncio.sleep(0)
        if storm.strikes("crash", self.name):
            self._die()
        elif storm.strikes("freeze", self.name):
            self.freeze(storm.random.choice(FREEZES_S))
        while self.frozen_until > storm.loop.time():
            await asyncio.sleep(self.frozen_until - storm.loop.time())
        if self._is_doomed and not self.is_dead:
            self._die()
        if self.is_dead:
            await storm.loop.create_future()

    def strikes(self, fault: str) -> bool:
        """Whether a fault of a port happens now."""
        return self._storm.strikes(fault, self.name)

    def later(self, land: Callable[[], Any]) -> None:
        """It lands after its sender gave up, or died."""
        self._storm.later(land)

    def portion(self, limit: int) -> int:
        """How much comes or goes at once."""
        return self._storm.portion(limit)


class MachineClock:
    """The database's clock, as a machine reads it whose own clock, the witness, may be off (ports.Clock).

    Seconds of error are looked up when asked; a move of the stored offset is seen by all at once.
    """

    def __init__(self, disk: Disk, weather: Weather, error_s: Callable[[], float], skew_s: Callable[[], float]) -> None:
        self._disk, self._weather, self._error_s, self._skew_s = disk, weather, error_s, skew_s
        self._last_error: timedelta | None = None

    async def read(self) -> datetime:
        """Read the database's clock, and hold it against the machine's."""
        await self._weather.step("clock")
        if self._disk.is_database_down or abs(self._error_s() - self._skew_s()) > SKEW_AT_MOST_S:
            raise Unavailable
        self._last_error = timedelta(seconds=self._error_s())
        return self.now()

    def now(self) -> datetime:
        """The last reading plus the time since."""
        if self._last_error is None:
            raise Unavailable
        return self._disk.now() + self._last_error

    async def refresh(self) -> None:
        """Noticed late, as everything here."""

    def by_the_machine(self) -> datetime:
        """What the machine's own clock says: nobody may decide by it."""
        return self._disk.now() + timedelta(seconds=self._skew_s())

    def monotonic(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Life:
    """What one run of a replica holds in memory, and the ports that it reaches (shared.world.World)."""

    def __init__(self, weather: ReplicaWeather, storm: Storm, broker: Broker, clock: Clock) -> None:
        self.weather, self._broker, self.clock = weather, broker, clock
        self.random = storm.random
        self.bus: Bus = MemoryBus(broker, weather)
        self.subscriptions: list[MemorySubscription] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._tokens = 0
        self._context = contextvars.Context()
        self._context.run(OWNER.set, self._tasks)

    def store(self, database: str, collection: str) -> Collection:
        """A collection."""
        return MemoryStore(self._broker.disk, f"{database}.{collection}", self.weather)

    def rows(self, database: str, collection: str) -> Rows:
        """A collection of rows."""
        return MemoryRows(self._broker.disk, f"{database}.{collection}", self.weather)

    def subscription(self, group: str, topics: Sequence[str]) -> Subscription:
        """The facts of the others."""
        subscription = MemorySubscription(self._broker, group, topics, self.weather, IDLE_WAIT_S)
        self.subscriptions.append(subscription)
        return subscription

    def token(self) -> str:
        """A fresh id."""
        self._tokens += 1
        return f"{self.weather.name}/{self._tokens}"

    def epoch_s(self) -> float:
        """Seconds by the machine's clock are not asked for here."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing to let go of."""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin something in this process: it ends with it."""
        return self._context.run(asyncio.get_running_loop().create_task, work)

    def end(self) -> None:
        """All that it was doing is gone, and its memory with it."""
        self.weather.is_dead = True
        for task in self._tasks:
            task.cancel()
