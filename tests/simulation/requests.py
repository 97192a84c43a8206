"""One request to the outside: refused, lost, slow, or done and never answered. What is on its way lands."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import TypeVar

from shared.effects import NotTaken
from shared.errors import Unknown
from tests.simulation.cluster import Cluster
from tests.simulation.machines import ReplicaWeather

QUICK_S = 0.2
STALLS_S = (1.0, 4.0, 10.0, 40.0)
"""How long a process may stand still between its last look at the clock and the first byte."""
BACK_S = 1.5

Said = TypeVar("Said")


class Garbled(Exception):
    """It was done, and what came back is not an answer."""


class Wire:
    """The way to the outside of a cluster: what is under way on it is counted there."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.storm = cluster, cluster.storm
        self._context = contextvars.Context()

    async def request(self, weather: ReplicaWeather, land: Callable[[], Said], land_s: float, timeout_s: float) -> Said:
        """Make one request; it lands within `land_s` or never. Raises NotTaken, Garbled, Unknown after `timeout_s`."""
        storm = self.storm
        await weather.step("request")
        if storm.strikes("stall", weather.name):
            weather.freeze(storm.random.choice(STALLS_S))
            await weather.step("stall")
        if storm.strikes("request refused", weather.name):
            raise NotTaken
        if storm.strikes("request lost", weather.name):
            await asyncio.sleep(timeout_s)
            raise Unknown("lost")
        slow = storm.strikes("request slow", weather.name)
        takes_s = (
            storm.random.choice([land_s, storm.random.uniform(0, land_s)]) if slow else storm.random.uniform(0, QUICK_S)
        )
        back_s = timeout_s if storm.strikes("answer lost", weather.name) else storm.random.uniform(0, BACK_S)
        said: list[Said] = []
        self.later(takes_s, lambda: said.append(land()))
        await asyncio.sleep(min(takes_s + back_s, timeout_s))
        if takes_s + back_s >= timeout_s or not said:
            raise Unknown("silence")
        await weather.step("answered")
        if storm.strikes("answer garbled", weather.name):
            raise Garbled
        return said[0]

    def later(self, seconds: float, happens: Callable[[], object]) -> None:
        """Something of the outside happens later, whoever lives then."""
        self.cluster.under_way += 1
        self.storm.loop.call_later(seconds, self._happens, happens, context=self._context)

    def _happens(self, happens: Callable[[], object]) -> None:
        self.cluster.under_way -= 1
        happens()
