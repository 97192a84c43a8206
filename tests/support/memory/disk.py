"""What survives every crash, what time it is, and what may happen at a step through a port."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
from bson.codec_options import CodecOptions

from shared.errors import Unavailable
from shared.ports import Received, Stored

CODEC: CodecOptions[Any] = CodecOptions(tz_aware=True, tzinfo=UTC)
EPOCH = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Landed = Callable[[str, Stored | None, Stored], None]
"""Told of each document that lands: its collection, what it replaces (None: nothing), and itself."""


class Weather:
    """What may happen at a step: nothing, here. The simulation has a stormy one."""

    async def step(self, name: str) -> None:
        """Let time pass before or after a step; may crash the caller."""

    def strikes(self, fault: str) -> bool:
        """Whether this fault happens now."""
        del fault
        return False

    def later(self, land: Callable[[], Any]) -> None:
        """Let something land after its sender gave up."""
        land()

    def portion(self, limit: int) -> int:
        """How much of what there is comes at once, or goes through."""
        return limit


@dataclass
class Disk:
    """Collections, topics, committed offsets, and the stored offset of time."""

    collections: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    indexed: dict[str, dict[str, Stored]] = field(default_factory=lambda: defaultdict(dict))
    rows: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    topics: dict[tuple[str, int], list[Received]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[tuple[str, str, int], int] = field(default_factory=dict)
    offset: timedelta = timedelta()
    is_database_down: bool = False
    is_broker_down: bool = False
    on_landed: Landed | None = None
    spoiled: dict[tuple[str, str], tuple[bytes, bytes]] = field(default_factory=dict)
    """By collection and id, what somebody made of a document by hand: as it was, and as it is."""
    full: set[tuple[str, str]] = field(default_factory=set)
    """By collection and id, documents that somebody filled by hand until no save of them fits."""
    were_spoiled: set[str] = field(default_factory=set)

    def now(self) -> datetime:
        """The loop's own time from a fixed day on, plus the offset."""
        return EPOCH + timedelta(seconds=round(asyncio.get_running_loop().time(), 3)) + self.offset

    def spoil(self, collection: str, key: str, how: Callable[[Stored], Stored]) -> None:
        """Somebody makes something of a document by hand. Queries still find it by what it was."""
        sound = self.collections[collection][key]
        self.collections[collection][key] = broken = bson.encode(how(bson.decode(sound, CODEC)))
        self.spoiled[collection, key] = sound, broken
        self.were_spoiled.add(key)

    def fill(self, collection: str, key: str) -> None:
        """Somebody makes a document as large as one may be: it can be read, and no save of it fits any more."""
        self.full.add((collection, key))
        self.were_spoiled.add(key)

    def mend(self, collection: str, key: str) -> None:
        """It is as it was, unless a replica that remembered it has written it anew."""
        self.full.discard((collection, key))
        sound, broken = self.spoiled.pop((collection, key), (b"", b""))
        if sound and self.collections[collection][key] == broken:
            self.collections[collection][key] = sound

    def documents(self, collection: str) -> list[Stored]:
        """All documents of a collection, by id."""
        return [bson.decode(raw, CODEC) for _, raw in sorted(self.collections[collection].items())]

    def rows_of(self, collection: str) -> list[Stored]:
        """All rows beside a collection, by id."""
        return [bson.decode(raw, CODEC) for _, raw in sorted(self.rows[collection].items())]


class MemoryClock:
    """The disk's time, always freshly read (ports.Clock)."""

    def __init__(self, disk: Disk, weather: Weather) -> None:
        self._disk, self.weather = disk, weather

    def now(self) -> datetime:
        """The instant."""
        return self._disk.now()

    async def read(self) -> datetime:
        """The instant, unless the database is down."""
        await self.weather.step("clock")
        if self._disk.is_database_down:
            raise Unavailable
        return self._disk.now()

    async def refresh(self) -> None:
        """Always noticed."""

    def monotonic(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
