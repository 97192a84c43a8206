"""The timeline of a referral, in pages: each fact by time, source and sequence, and whether the ledger is whole."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import AwareDatetime, ConfigDict, TypeAdapter

from services.tracking import store as tracks
from services.tracking.domain import Projection, Stream, end_of
from services.tracking.views.rows import Shown
from shared.contracts.language import Actor, Reason, Step, Task
from shared.errors import Unreadable
from shared.ports import Collection, Stored

USUAL = 500
"""Facts of a page, unless asked otherwise: a referral has some thirty."""
BATCH = 500
_POSITION: TypeAdapter[tuple[str, str, int]] = TypeAdapter(tuple[str, str, int], config=ConfigDict(strict=True))
_COMMON = frozenset(
    {"occurred_at", "recorded_by", "channel", "step", "tasks", "revision", "referral_id", "reason", "seals"}
)


class TimelineEntry(Shown):
    """One fact: what a service entry, and all that it had open after it. `said` is what only this fact says."""

    service: str
    sequence: int
    type: str
    recorded_at: AwareDatetime
    occurred_at: AwareDatetime
    recorded_by: Actor
    channel: str
    reason: Reason | None
    tasks: tuple[Task, ...]
    said: Mapping[str, Any]


class Timeline(Shown):
    """A page of what was told of a referral, the earliest first. `next` is the cursor of the following page.

    `is_whole`: the ledger, all of it, is what was recorded, unchanged and complete. A following page does not say.
    """

    referral_id: str
    is_whole: bool | None
    facts: tuple[TimelineEntry, ...]
    next: str | None = None


@dataclass(frozen=True)
class Reader:
    """A reader of one referral's timeline, up to what its track holds."""

    store: Collection
    tenant: str
    referral_id: str
    projection: Projection

    async def page(self, cursor: str | None = None, limit: int = USUAL, *, is_from_the_end: bool = False) -> Timeline:
        """The facts after the cursor, or those before it. Raises Unreadable for a cursor that is not ours."""
        direction = -1 if is_from_the_end else 1
        known = {service: stream.sequence for service, stream in self.projection.stories.items()}
        query = tracks.told_of(self.tenant, self.referral_id, known)
        if cursor:
            query["$and"].append(tracks.past(_position(cursor), direction))
        order = [(name, direction) for name in tracks.LEDGER_ORDER]
        rows = await self.store.find_rows(query, limit + 1, order)
        entries = [(row, entry) for row in rows[:limit] if (entry := _readable(row))]
        more = _cursor(entries[-1][0]) if entries and len(rows) > limit else None
        facts = tuple(entry for _, entry in entries)[::direction]
        whole = None if cursor else await self._is_whole()
        return Timeline(referral_id=self.referral_id, is_whole=whole, facts=facts, next=more)

    async def _is_whole(self) -> bool:
        checks = (self._ends_in_head(service, stream) for service, stream in self.projection.stories.items())
        return all([await check for check in checks])

    async def _ends_in_head(self, service: str, stream: Stream) -> bool:
        """Follow the chain of one service, a batch at a time: a history of any length takes little memory."""
        end = ""
        for after in range(0, stream.sequence, BATCH):
            up_to = min(after + BATCH, stream.sequence)
            query = tracks.story_of(self.tenant, self.referral_id, service, after, up_to)
            rows = await self.store.find_rows(query, BATCH, [("sequence", 1)])
            if (reached := _end_of(rows, end)) is None:
                return False
            end = reached
        return end == stream.head


def _cursor(row: Stored) -> str:
    position = [row[name] for name in tracks.LEDGER_ORDER]
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[str, str, int]:
    try:
        return _POSITION.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise Unreadable("/cursor", "The cursor is not one of ours.") from None


def _readable(row: Stored) -> TimelineEntry | None:
    """What a row tells; None where it is broken: then it is missing, and the ledger is not whole."""
    try:
        return _told(row) if isinstance(row["source"], str) and isinstance(row["time"], str) else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _end_of(rows: Sequence[Stored], end: str) -> str | None:
    """As the domain has it; a row whose fields are of another kind is not what was recorded."""
    try:
        return end_of(rows, end)
    except (KeyError, TypeError):
        return None


def _told(row: Stored) -> TimelineEntry:
    """Seals stay where they are: nobody reads patient data here."""
    data = json.loads(row["data"])
    return TimelineEntry(
        service=row["service"],
        sequence=row["sequence"],
        type=row["type"],
        recorded_at=row["time"],
        occurred_at=data["occurred_at"],
        recorded_by=data["recorded_by"],
        channel=data["channel"],
        reason=data.get("reason"),
        tasks=_tasks(data),
        said={name: value for name, value in data.items() if name not in _COMMON and value is not None},
    )


def _tasks(data: Mapping[str, Any]) -> tuple[Task, ...]:
    """What was entry before there were tasks has a step, which is the one."""
    if "tasks" in data:
        return tuple(map(Task.model_validate, data["tasks"]))
    return (Step.model_validate(data["step"]).task,) if data.get("step") else ()
