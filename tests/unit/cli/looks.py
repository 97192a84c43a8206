"""Looks at a platform that exists in a test only."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deploy.cli.quiet import Backlog, Look, Progress
from deploy.platform import registry

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)


def look(
    services: Mapping[str, Mapping[str, Any]] | None = None,
    backlog: Mapping[str, Any] | None = None,
    now: datetime = NOON,
) -> Look:
    """Everything quiet and empty, but for what is given: per service the figures of its one collection."""
    found = {
        name: Progress.model_validate(
            {"service": name, "now": now, "aggregates": {"only": (services or {}).get(name, {})}}
        )
        for name in registry.names()
    }
    given = {"next_due_at": None, "due_now": 0, "in_flight": 0} | dict(backlog or {})
    return Look(services=found, backlog=Backlog.model_validate(given))
