"""The database's clock, which all replicas share."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection

from shared.errors import Unavailable
from shared.mongo.connection import nothing_done, perhaps_done
from shared.ports import Stored
from shared.settings import ClockSettings

SKEW_AT_MOST_S = 2.0
OFFSET = "offset"
_TECHNICAL = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class MongoClock:
    """The database's clock plus the stored offset (ports.Clock). The offset is for demos and tests only."""

    def __init__(self, client: AsyncIOMotorClient[Stored], settings: ClockSettings) -> None:
        self._client, self._settings = client, settings
        self._offset: AsyncIOMotorCollection[Stored] = client[settings.database][OFFSET]
        self._last: tuple[datetime, float] | None = None
        self._moved_by = timedelta()

    async def read(self) -> datetime:
        """Read it again. Raises Unavailable when the database is down or this machine's clock is more than 2 s off."""
        with nothing_done():
            server: datetime = (await self._client.admin.command("hello"))["localTime"].replace(tzinfo=UTC)
        if abs(server.timestamp() - time.time()) > SKEW_AT_MOST_S:
            raise Unavailable
        self._last = server, self.monotonic()
        await self.refresh()
        return server + self._moved_by

    async def refresh(self) -> None:
        """Read by how much time was moved, if it may be."""
        if self._settings.movable:
            with nothing_done():
                stored = await self._offset.find_one({"_id": OFFSET})
            self._moved_by = max(self._moved_by, timedelta(seconds=stored["seconds"] if stored else 0.0))

    async def move_to(self, instant: datetime) -> None:
        """Set the offset so that it is `instant` now, for every process at once. Never backwards."""
        now = await self.read()
        ahead = max((instant - now).total_seconds(), 0.0)
        with perhaps_done():
            await self._offset.update_one({"_id": OFFSET}, {"$inc": {"seconds": ahead}}, upsert=True)
        await self.read()

    def now(self) -> datetime:
        """The last reading plus the time since its answer came: late by the way back, never ahead."""
        if self._last is None:
            raise Unavailable
        read, at = self._last
        return read + self._moved_by + timedelta(seconds=self.monotonic() - at)

    def monotonic(self) -> float:
        """Technical time, which goes on while the machine is suspended, where the system knows (Linux)."""
        return time.clock_gettime(_TECHNICAL)

    async def sleep(self, seconds: float) -> None:
        """Wait in technical time."""
        await asyncio.sleep(seconds)
