"""The timeline of a referral: each fact of the ledger by time, source and sequence, and whether the ledger is whole."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import AwareDatetime

from services.tracking.domain import Projection, is_whole
from services.tracking.views.rows import Shown
from shared.contracts.language import Actor, Reason, Step, Task
from shared.ports import Collection, Stored

MOST_FACTS = 5000
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
    """What was entry of a referral. `is_whole`: the ledger is what was recorded, unchanged and complete."""

    referral_id: str
    is_whole: bool
    facts: tuple[TimelineEntry, ...]


async def timeline(store: Collection, tenant: str, referral_id: str, projection: Projection) -> Timeline:
    """The timeline of a referral of this tenant, up to what its track holds."""
    found = await store.find_rows({"subject": referral_id, "tenant": tenant}, MOST_FACTS)
    readable = [(row, entry) for row in found if (entry := _readable(row)) and entry.service in projection.stories]
    rows = [(row, entry) for row, entry in readable if entry.sequence <= projection.stories[entry.service].sequence]
    rows.sort(key=lambda pair: (pair[0]["time"], pair[0]["source"], pair[1].sequence))
    ledger = [row for row, _ in rows]
    return Timeline(
        referral_id=referral_id,
        is_whole=all(_is_whole(_of(service, ledger), stream.head) for service, stream in projection.stories.items()),
        facts=tuple(entry for _, entry in rows),
    )


def _readable(row: Stored) -> TimelineEntry | None:
    """What a row tells; None where it is broken: then it is missing, and the ledger is not whole."""
    try:
        return _told(row) if isinstance(row["source"], str) and isinstance(row["time"], str) else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _is_whole(rows: Sequence[Stored], head: str) -> bool:
    """As the domain has it; a row whose fields are of another kind is not what was recorded."""
    try:
        return is_whole(rows, head)
    except (KeyError, TypeError):
        return False


def _of(service: str, rows: Sequence[Stored]) -> list[Stored]:
    return sorted((row for row in rows if row["service"] == service), key=lambda row: int(row["sequence"]))


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
