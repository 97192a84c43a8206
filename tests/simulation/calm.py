"""The calm after the storm: everything must come to rest, then time moves to the next thing that is due, to the end."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.simulation.cluster import Cluster
from tests.simulation.storm import LANDS_WITHIN_S

LOOK_S = 0.25
PATIENCE_S = 60.0
"""Virtual seconds in which whatever is due now must be done."""


LONG_AFTER = 60
LONG, LONG_ODDS = timedelta(days=4), 0.5
"""After so many moves of time, about every other is at least as long: months of daily tries need not be watched."""


async def settle(
    cluster: Cluster,
    jumps: int,
    busy: Callable[[], str | None],
    next_due: Callable[[], datetime | None],
    only_waits: Callable[[], bool] = lambda: False,
) -> None:
    """Play the rest of the story. `busy` says what others than the engines still do, `next_due` what they will do.

    Complains when the engines do not come to rest in time, or when there is no end. Where all that is left
    `only_waits`, that is the end, too.
    """
    loop, healed_at = cluster.storm.loop, cluster.disk.now()
    await asyncio.sleep(LANDS_WITHIN_S)
    patient_until, moved = loop.time() + PATIENCE_S, 0
    while True:
        await asyncio.sleep(LOOK_S)
        unrest = cluster.unrest() or busy() or _under_way(cluster, healed_at)
        if unrest and loop.time() < patient_until:
            continue
        if unrest:
            cluster.complain(f"does not come to rest: {unrest}")
            return
        due = min((instant for instant in (cluster.next_wake(), next_due()) if instant), default=None)
        if due is None or (moved > LONG_AFTER and only_waits()):
            return
        if moved == jumps:
            cluster.complain(f"no end: {due} is still to come")
            return
        moved += 1
        is_long = moved > LONG_AFTER and cluster.storm.random.random() < LONG_ODDS
        cluster.disk.offset += max(due - cluster.disk.now(), LONG if is_long else timedelta())
        patient_until = loop.time() + PATIENCE_S


def _under_way(cluster: Cluster, healed_at: datetime) -> str | None:
    """A call of the storm may never be answered; one of the calm will be, and time must not be moved meanwhile."""
    for call in cluster.live_calls():
        if call["at"] >= healed_at:
            return f"a call is under way since {call['at']}"
    return None
