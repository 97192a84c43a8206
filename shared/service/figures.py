"""How a service is doing, for its process's metrics. It looks, and changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.service.aggregate import Aggregate

FIGURES_AT_MOST = 1000


@dataclass(frozen=True)
class Figures:
    """How a service is doing: records not fetched by (topic, partition), documents parked, the oldest outbox's age."""

    lag: Mapping[tuple[str, int], int]
    parked: int
    outbox_age_s: float


async def figures_of(aggregates: Iterable[Aggregate], now: datetime) -> Figures:
    """The figures of all kinds that consume or publish; where several read one topic, the lag of the slowest.

    Raises Unavailable.
    """
    lag, parked, since = dict[tuple[str, int], int](), 0, [now]
    for aggregate in aggregates:
        if aggregate.has_facts:
            parked += await aggregate.store.count_parked(FIGURES_AT_MOST)
            since.append(await aggregate.store.unpublished_since(now) or now)
        if aggregate.consumer:
            lag |= {place: max(n, lag.get(place, 0)) for place, n in aggregate.subscription.lag().items()}
    return Figures(lag, parked, (now - min(since)).total_seconds())
