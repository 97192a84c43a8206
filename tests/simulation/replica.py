"""A place where a service runs: what runs there comes, stands still and goes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Unusable
from shared.ports import Count
from shared.service import Hooks, Service
from tests.simulation.machines import Life, MachineClock, ReplicaWeather
from tests.simulation.storm import ZOMBIE, Meant, Storm
from tests.support.memory import Broker, MemorySubscription

SESSION_S = 3.0
"""A member of which nothing is heard for so long is put out of its group; one may stand still longer, and go on."""
DOWN_S = 4.0
STOPPED_WITHIN_S = 20.0

Wired = Callable[[Life, Hooks], Service]
"""Wires a service on the life of a replica."""


@dataclass
class Replica:
    """One of the replicas of a service. Its machine's clock may be off by `skew_s`."""

    name: str
    wired: Wired
    storm: Storm
    broker: Broker
    error_s: Callable[[], float]
    count: Count
    complain: Callable[[str], None]
    skew_s: float = 0.0
    life: Life | None = field(default=None, init=False)
    service: Service | None = field(default=None, init=False)
    lives: int = field(default=0, init=False)

    def start(self) -> None:
        """Start a new process."""
        self.lives += 1
        weather = ReplicaWeather(f"{self.name}.{self.lives}", self.storm, lambda: self._die_as(life), self._be_missed)
        clock = MachineClock(self.broker.disk, weather, self.error_s, lambda: self.skew_s)
        life = Life(weather, self.storm, self.broker, clock)
        hooks = Hooks(self.count, lambda _figures: None, self._on_error, lambda: self._end_itself(life))
        self.life, self.service = life, self.wired(life, hooks)
        life.spawn(self.service.start())

    def die(self) -> None:
        """The process is gone; its group learns of it later, and it is started again."""
        if life := self.end():
            self._go_missing(life)
            self.storm.loop.call_later(self.storm.random.uniform(0.1, DOWN_S), self.start)

    def end(self) -> Life | None:
        """The process is gone for good."""
        life, self.life, self.service = self.life, None, None
        if life:
            life.end()
        return life

    def _die_as(self, life: Life) -> None:
        if self.life is life:
            self.die()

    def _be_missed(self, seconds: float) -> None:
        if self.life and seconds > SESSION_S:
            self._go_missing(self.life)

    def thaw(self) -> None:
        """It goes on."""
        if self.life:
            self.life.weather.frozen_until = 0.0

    def be_put_out(self) -> None:
        """Its heartbeats do not arrive: the group goes on without it, and it does not know."""
        for subscription in self.life.subscriptions if self.life else ():
            self.broker.put_out(subscription)

    async def restart(self) -> None:
        """As a rolling restart does it: drain within a bound, then a new process."""
        life, service = self.life, self.service
        if life and service:
            await asyncio.wait([life.spawn(service.stop())], timeout=STOPPED_WITHIN_S)
            if self.life is life:
                self.die()

    def serve(self, request: Callable[[Service], Awaitable[Any]]) -> asyncio.Task[Any] | None:
        """Take a request, if anything runs here. What becomes of it is its task's."""
        if self.life is None or self.service is None:
            return None
        return self.life.spawn(_served(request, self.service))

    def _go_missing(self, life: Life) -> None:
        for subscription in life.subscriptions:
            self.storm.loop.call_later(self.storm.random.uniform(0.1, SESSION_S), self._put_out, life, subscription)

    def _put_out(self, life: Life, subscription: MemorySubscription) -> None:
        if life.weather.will_wake:
            self.storm.note(ZOMBIE, self.name)
        self.broker.put_out(subscription)

    def _on_error(self, error: BaseException) -> None:
        if not isinstance(error, (Meant, Unusable)):
            self.complain(f"{self.name}: {type(error).__name__}: {error}")

    def _end_itself(self, life: Life) -> None:
        if self.life is life:
            self.complain(f"{life.weather.name} ended itself: a door ended, or the consumer is stuck")
            self.die()


async def _served(request: Callable[[Service], Awaitable[Any]], service: Service) -> Any:
    return await request(service)
