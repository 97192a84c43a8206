"""What befalls a cluster as a whole: each trouble says whom it struck, and None where there was nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from tests.simulation.cluster import Cluster
from tests.simulation.spoiling import SPOILED_DOCUMENT, spoil

WRONG_CLOCKS_S = (40.0, -40.0, 0.9, -0.9)
WRONG_DATABASE_CLOCKS_S = (25.0, -25.0, 1.0, -1.0)
EVERY_S = 2.0
AWAY_S = 8.0
JUMP_S = 90.0

Trouble = Callable[[Cluster], Awaitable[str | None]]


async def befall(cluster: Cluster) -> None:
    """One trouble after the other, until the calm."""
    storm = cluster.storm
    kinds, weights = [(name, trouble) for name, (_, trouble) in TROUBLES.items()], [w for w, _ in TROUBLES.values()]
    while True:
        await asyncio.sleep(storm.random.expovariate(1 / EVERY_S))
        if not storm.is_stormy:
            return
        [(name, trouble)] = storm.random.choices(kinds, weights)
        if whom := await trouble(cluster):
            storm.note(name, whom)


async def _rebalance(cluster: Cluster) -> str:
    group = cluster.storm.random.choice(list(cluster.replicas))
    cluster.broker.rebalance(group)
    return group


async def _put_out(cluster: Cluster) -> str:
    replica = cluster.storm.random.choice(cluster.everybody)
    replica.be_put_out()
    return replica.name


async def _restart(cluster: Cluster) -> str:
    replica = cluster.storm.random.choice(cluster.everybody)
    await replica.restart()
    return replica.name


async def _database_away(cluster: Cluster) -> str:
    cluster.disk.is_database_down = True
    await asyncio.sleep(cluster.storm.random.uniform(0.5, AWAY_S))
    cluster.disk.is_database_down = False
    return "and back"


async def _broker_away(cluster: Cluster) -> str:
    cluster.disk.is_broker_down = True
    await asyncio.sleep(cluster.storm.random.uniform(0.5, AWAY_S))
    cluster.disk.is_broker_down = False
    return "and back"


async def _machine_off(cluster: Cluster) -> str:
    replica = cluster.storm.random.choice(cluster.everybody)
    replica.skew_s = cluster.storm.random.choice(WRONG_CLOCKS_S)
    return f"{replica.name} by {replica.skew_s} s"


async def _database_off(cluster: Cluster) -> str:
    cluster.clock_error_s = error_s = cluster.storm.random.choice(WRONG_DATABASE_CLOCKS_S)
    await asyncio.sleep(cluster.storm.random.uniform(0.5, AWAY_S))
    cluster.clock_error_s = 0.0
    return f"by {error_s} s, and back"


async def _jump(cluster: Cluster) -> str | None:
    """Time is moved for everybody at once, and never while a call is under way."""
    if cluster.under_way or cluster.is_calling():
        return None
    seconds = cluster.storm.random.uniform(1, JUMP_S)
    cluster.disk.offset += timedelta(seconds=seconds)
    return f"by {seconds:.1f} s"


async def _read_from_the_start(cluster: Cluster) -> str:
    group = cluster.storm.random.choice(list(cluster.replicas))
    for where in cluster.disk.committed:
        if where[0] == group:
            cluster.disk.committed[where] = 0
    cluster.broker.rebalance(group)
    return group


async def _told_again(cluster: Cluster) -> str | None:
    logs = [(where, log) for where, log in sorted(cluster.disk.topics.items()) if log and not where[0].endswith(".dlq")]
    if not logs:
        return None
    (topic, partition), log = cluster.storm.random.choice(logs)
    first = cluster.storm.random.randrange(len(log))
    cluster.broker.append(topic, partition, log[first : first + 3])
    return f"{topic}:{partition}:{first}"


async def _spoiled(cluster: Cluster) -> str | None:
    return spoil(cluster)


TROUBLES: Mapping[str, tuple[float, Trouble]] = {
    "rebalance": (6, _rebalance),
    "put out of the group": (3, _put_out),
    "restart": (2, _restart),
    "database away": (1.5, _database_away),
    "broker away": (1.5, _broker_away),
    "machine's clock off": (2, _machine_off),
    "database's clock off": (2, _database_off),
    "clock jumps": (3, _jump),
    "read from the start": (1, _read_from_the_start),
    "told again": (2, _told_again),
    SPOILED_DOCUMENT: (2, _spoiled),
}
"""Each trouble by name, with its weight."""
