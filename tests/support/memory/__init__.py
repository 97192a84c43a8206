"""Store, bus and clock in memory, trusted because they pass the conformance suite that the real ones pass.

Each step through a port goes by `Weather`, which may let time pass, lose an answer or crash the caller. The
default weather does nothing, so unit tests use the same fakes as the simulation.
"""

from tests.support.memory.bus import Broker, MemoryBus, MemorySubscription
from tests.support.memory.disk import CODEC, EPOCH, Disk, MemoryClock, Weather
from tests.support.memory.rows import MemoryRows
from tests.support.memory.store import MemoryStore
from tests.support.memory.world import MemoryWorld

__all__ = [
    "CODEC",
    "EPOCH",
    "Broker",
    "Disk",
    "MemoryBus",
    "MemoryClock",
    "MemoryRows",
    "MemoryStore",
    "MemorySubscription",
    "MemoryWorld",
    "Weather",
]
