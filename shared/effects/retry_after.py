"""When another system says that it may be asked again: its `Retry-After` (RFC 9110 §10.2.3), in seconds.

Pure: a date counts from the moment at which the other system says that it answered, so no clock of ours is needed.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 3600.0
"""Nobody is waited for longer than this: what they say may be a mistake, and a deadline of ours may be near."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, bounded. None where nothing is asked for, or nothing that can be understood."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked[:9]), LONGEST_S)
    until, answered = _date(asked), _date(headers.get("Date", ""))
    if until is None or answered is None:
        return None
    return min(max((until - answered).total_seconds(), 0.0), LONGEST_S)


def _date(text: str) -> datetime | None:
    """An HTTP date, which is always of GMT."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
