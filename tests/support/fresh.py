"""Files of orders that were written on some day, read as if they had been written today: nothing in them runs out.

An order expires, a policy ends, a follow-up falls due: a file that stands still fails one day, with no change of ours.
"""

import gzip
import re
from datetime import date, datetime, timedelta
from pathlib import Path

_DAY = re.compile(rb'(?<=")(\d{4}-\d{2}-\d{2})(?=[T"])')
_WRITTEN = re.compile(rb'"(?:timestamp|authoredOn)":\s*"(\d{4}-\d{2}-\d{2})')


def fresh_lines(file: Path, today: datetime) -> list[bytes]:
    """The lines of a file, plain or gzip, with all their dates later by the whole days since the file's own date."""
    content = file.read_bytes()
    lines = (gzip.decompress(content) if file.suffix == ".gz" else content).splitlines()
    days = today.date() - written_on(lines)
    return [moved(line, days) for line in lines]


def written_on(lines: list[bytes]) -> date:
    """The file's own date: the newest on which an order in it was written or sent."""
    return max(date.fromisoformat(day.decode()) for line in lines for day in _WRITTEN.findall(line))


def moved(line: bytes, by: timedelta) -> bytes:
    """A line of JSON whose every date is later by whole days: ages, distances and times of day stay what they are."""
    return _DAY.sub(lambda found: (date.fromisoformat(found[1].decode()) + by).isoformat().encode(), line)
