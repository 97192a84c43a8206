"""How much one client may ask of one process: so many requests a second, and so many at once.

A faulty program of one party must not slow down the pages and programs of all others. What is counted is in memory
alone: several replicas allow several times as much. Who may do what is said elsewhere.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from shared.identity.caller import Caller, Role

RouteClass = Literal["read", "write"]
BURST_S: Final = 2.0
"""Seconds' worth that a client may ask for at once after it was quiet."""
CLIENTS_KEPT: Final = 10_000
"""Of so many it is remembered what they have left; whoever is forgotten begins anew."""
_SAFE: Final = frozenset({"GET", "HEAD"})
_BUSY_FOR_S: Final = 1
LEAVE: Final = "throughline.leave"
"""Under this name a request's scope holds what to call when it is over."""
Client = tuple[str, str, str]
Leave = Callable[[], None]


class TooMany(Exception):
    """The client asked for more than its share: nothing was done, and it may come back in `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Too many requests; retry after {retry_after_s} s.")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Rates:
    """What one client may do: requests a second by class, and how many of both at once; and how many all together."""

    reads_per_s: float
    writes_per_s: float
    at_once: int
    all_at_once: int = 1000

    def of(self, route_class: RouteClass) -> float:
        """Requests a second of one class."""
        return self.reads_per_s if route_class == "read" else self.writes_per_s


class Limits:
    """A token bucket per client and class of routes, and the number of requests that are under way per client."""

    def __init__(
        self, rates: Rates, monotonic: Callable[[], float], refused: Callable[[str], None] = lambda _why: None
    ) -> None:
        """`refused` hears "rate" or "at_once" of each request that is sent away."""
        self._rates, self._monotonic, self._refused = rates, monotonic, refused
        self._buckets: OrderedDict[tuple[Client, RouteClass], tuple[float, float]] = OrderedDict()
        self._under_way: Counter[Client] = Counter()

    @property
    def all_at_once(self) -> int:
        """How many requests of all clients one process works on."""
        return self._rates.all_at_once

    def admit(self, caller: Caller, method: str) -> Leave:
        """Let a request in; whoever was let in says when it is over. Raises TooMany.

        Our own programs are not limited: they work off what others sent.
        """
        if Role.INTERNAL in caller.roles:
            return _nothing
        client = _client(caller)
        if self._under_way[client] >= self._rates.at_once:
            self._refused("at_once")
            raise TooMany(_BUSY_FOR_S)
        self._take(client, "read" if method in _SAFE else "write")
        self._under_way[client] += 1
        return lambda: self._leave(client)

    def _take(self, client: Client, route_class: RouteClass) -> None:
        rate, now = self._rates.of(route_class), self._monotonic()
        most = max(rate * BURST_S, 1.0)
        left, at = self._buckets.pop((client, route_class), (most, now))
        left = min(left + (now - at) * rate, most)
        is_allowed = left >= 1
        self._buckets[client, route_class] = (left - is_allowed, now)
        if len(self._buckets) > CLIENTS_KEPT:
            self._buckets.popitem(last=False)
        if not is_allowed:
            self._refused("rate")
            raise TooMany(max(math.ceil((1 - left) / rate), 1))

    def _leave(self, client: Client) -> None:
        self._under_way[client] -= 1
        if self._under_way[client] <= 0:
            del self._under_way[client]


def _client(caller: Caller) -> Client:
    """A program is its client, under whatever name it calls; people share one, and are told apart by who they are."""
    return caller.tenant, caller.client_id, "" if caller.actor.kind == "service" else caller.subject


def _nothing() -> None:
    """No end is waited for."""
