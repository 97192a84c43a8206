"""Reads the services' logs. Only what a line is about is kept."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.chaos.evidence import LogLine

_LONGEST = 160


def log_lines(logs: Iterable[tuple[str, Path]]) -> Iterator[LogLine]:
    """The lines of each part's log that say more than that all is well."""
    for part, path in logs:
        with path.open(errors="replace") as lines:
            found = (_line(part, line.strip()) for line in lines)
            yield from (line for line in found if line.text or line.has_traceback or line.level not in ("info", ""))


def _line(part: str, text: str) -> LogLine:
    try:
        told = json.loads(text)
    except ValueError:
        return LogLine(part, text=text[:_LONGEST])
    return LogLine(
        part,
        level=told.get("level", ""),
        event=told.get("event", ""),
        logger=told.get("logger", ""),
        error=told.get("error", ""),
        has_traceback="frames" in told,
        subject=told.get("referral_id", ""),
    )
