"""Spoils a stored document while everything runs, as a hand in the database may, and mends it in a while.

What is made of it no program may take for sound: a field goes that every document has, or becomes of another kind; or
it becomes so large that it can be read and not saved (`filling`).
What a hand could also have meant, such as a shorter list, has no place here: it would be lost, and rightly so.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo.errors import PyMongoError

from services.scheduling.store import CALENDAR_DAYS
from tests.chaos.filling import Filling
from tests.chaos.reading import MAIN

OTHERS: Final[tuple[Any, ...]] = (None, "text", -1, 1.5, [], {"a": None}, b"x")
OPTIONAL: Final = frozenset(
    ("waiting", "letters", "unpublished_at", "wake_at", "retry_at", "is_parked", "parked_at", "step_untold_since")
)
"""What a sound document may be without."""
_NEVER: Final = frozenset(("_id", "frame"))
_GONE: Final = object()
_MISSING_SHARE = 0.4
_FOUND_WITHIN_S, _POLL_S = 60.0, 0.2
_NOT_INDEXED = 171
"""The database takes no two lists into one index: then another change is made."""
Stored = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What was made of a field, by its path: of a value another, or nothing (`_GONE`)."""

    path: str
    sound: Any
    broken: Any

    def __str__(self) -> str:
        """As it is logged: kinds alone."""
        kind = type(self.broken).__name__
        return f"{self.path} is {'missing' if self.broken is _GONE else f'of the kind {kind}'}"

    @property
    def update(self) -> Stored:
        """What spoils a document by it."""
        return {"$unset": {self.path: ""}} if self.broken is _GONE else {"$set": {self.path: self.broken}}

    @property
    def mending(self) -> Stored:
        """What gives the field its value again."""
        return {"$set": {self.path: self.sound}}

    @property
    def is_found_by_version(self) -> bool:
        """Whether a document that is spoiled by it says truly which version it is of."""
        return self.path != "version"

    @property
    def found(self) -> Stored:
        """What finds a document that is spoiled by it."""
        return {self.path: {"$exists": False} if self.broken is _GONE else {"$eq": self.broken}}


def change(stored: Stored, chance: Random) -> Change:
    """How to spoil this document.

    Calls that are under way stay to be seen: whoever lets time pass waits for them.
    """
    path = chance.choice(sorted(_fields(stored)))
    is_missing = path not in OPTIONAL and chance.random() < _MISSING_SHARE
    if path == "state" and is_missing:
        within = chance.choice(sorted(stored["state"]))
        return Change(f"state.{within}", stored["state"][within], _GONE)
    if is_missing:
        return Change(path, stored[path], _GONE)
    return Change(path, stored[path], chance.choice([o for o in OTHERS if not _is_alike(o, stored[path])]))


def _fields(stored: Stored) -> Iterator[str]:
    is_calling = any(record["call"] for record in stored["calls"])
    yield from (name for name in stored if name not in _NEVER and not (name == "calls" and is_calling))


def _is_alike(one: Any, other: Any) -> bool:
    return isinstance(one, type(other)) or isinstance(other, type(one))


How = Callable[[Stored, Random], Change | Filling]
"""Says what becomes of a document."""


@dataclass(frozen=True)
class Spoiled:
    """A document of a service that was spoiled: which, when its version was what, and by what change."""

    service: str
    collection: str
    key: str
    version: int
    change: Change | Filling

    @property
    def found(self) -> Stored:
        """What finds it as long as it is so, and nobody wrote it since."""
        version = {"version": self.version} if self.change.is_found_by_version else {}
        return {"_id": self.key, **version, **self.change.found}


@dataclass
class Spoiler:
    """Spoils and mends in the database, however often that is down meanwhile."""

    client: AsyncIOMotorClient[Stored]
    ids: set[str] = field(default_factory=set)
    """Of every document that was spoiled."""
    _broken: set[tuple[str, str]] = field(default_factory=set)

    async def spoil(self, service: str, chance: Random, how: How = change) -> Spoiled | None:
        """Spoil some document of the service; None where there is none in a minute."""
        deadline, planned = time.monotonic() + _FOUND_WITHIN_S, None
        while time.monotonic() < deadline:
            try:
                planned = planned or await self._plan(service, chance, how)
                if planned and await self._is_done(planned):
                    self.ids.add(planned.key)
                    self._broken.add((planned.collection, planned.key))
                    return planned
                planned = None
            except PyMongoError as error:
                planned = None if getattr(error, "code", None) == _NOT_INDEXED else planned
            await asyncio.sleep(_POLL_S)
        return None

    async def mend(self, spoiled: Spoiled) -> bool:
        """Make it sound again, unless a replica that remembered the document wrote it anew."""
        while True:
            try:
                done = await self._of(spoiled).update_one(spoiled.found, spoiled.change.mending)
            except PyMongoError:
                await asyncio.sleep(_POLL_S)
            else:
                self._broken.discard((spoiled.collection, spoiled.key))
                return bool(done.matched_count)

    async def _plan(self, service: str, chance: Random, how: How) -> Spoiled | None:
        name = chance.choice([MAIN[service], *([CALENDAR_DAYS] if service == "scheduling" else [])])
        documents = self.client[service][name]
        ids = [each["_id"] async for each in documents.find({"_id": {"$not": {"$regex": ":"}}}, {"_id": 1}).sort("_id")]
        ids = [each for each in ids if (name, each) not in self._broken]
        stored = await documents.find_one({"_id": chance.choice(ids)}) if ids else None
        if stored is None:
            return None
        return Spoiled(service, name, stored["_id"], stored["version"], how(stored, chance))

    async def _is_done(self, planned: Spoiled) -> bool:
        """Whether it is spoiled now, perhaps by a try before of which nobody knows how it ended."""
        whole = {"_id": planned.key, "version": planned.version}
        if (await self._of(planned).update_one(whole, planned.change.update)).matched_count:
            return True
        return bool(await self._of(planned).count_documents(planned.found))

    def _of(self, spoiled: Spoiled) -> AsyncIOMotorCollection[Stored]:
        return self.client[spoiled.service][spoiled.collection]
