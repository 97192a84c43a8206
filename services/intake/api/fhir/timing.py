"""When the patient shall be seen: not before, and at the latest (R4 servicerequest.html, occurrence[x]).

A day, month or year alone will do until it ends where the referring side is. Of a Timing the bounds are read, or its
first event; how often it repeats stays for a person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.intake.api.fhir.periods import end_of, first_instant
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.domain.order import is_of_this_century

_REPEATS: Final = (
    *("count", "countMax", "frequency", "frequencyMax", "period", "periodMax", "dayOfWeek", "timeOfDay", "when"),
    *("duration", "durationMax", "offset"),
)


@dataclass(frozen=True, slots=True)
class When:
    """Instants. Of a day that is named `needed_by` is the beginning, and `needed_day_ends` the end."""

    not_before: datetime | None = None
    needed_by: datetime | None = None
    needed_day_ends: datetime | None = None


def when_of(reading: Reading, request: Placed, authored_at: datetime) -> When:
    """When it shall be. Refuses a period that ends before it begins; warns of what was over when it was written."""
    resource, at = request.resource, request.pointer
    if resource.occurrenceTiming:
        found = _of_timing(reading, resource.occurrenceTiming, f"{at}/occurrenceTiming")
    elif resource.occurrencePeriod:
        found = _of_period(reading, resource.occurrencePeriod, f"{at}/occurrencePeriod")
    else:
        found = _of_day(reading, resource.occurrenceDateTime, f"{at}/occurrenceDateTime")
    until = found.needed_day_ends or found.needed_by
    if until and until < authored_at:
        reading.warn(at, "needed_by", "is needed before it was written")
    return found


def _of_timing(reading: Reading, timing: Any, at: str) -> When:
    repeat = timing.repeat
    if timing.code or (repeat and any(getattr(repeat, name) for name in _REPEATS)):
        reading.warn(at, "timing", "says how often: only when it begins and ends is read")
    if repeat and repeat.boundsPeriod:
        return _of_period(reading, repeat.boundsPeriod, f"{at}/repeat/boundsPeriod")
    if repeat and (repeat.boundsDuration or repeat.boundsRange):
        reading.warn(f"{at}/repeat", "timing", "says how long, but not from when: it is not read")
    events = sorted(timing.event or (), key=str)
    if len(events) > 1:
        reading.warn(f"{at}/event", "timing", "names several times, of which the first is read")
    return _of_day(reading, events[0], f"{at}/event/0") if events else When()


def _of_period(reading: Reading, period: Any, at: str) -> When:
    start = _first(reading, period.start, f"{at}/start")
    last = _of_day(reading, period.end, f"{at}/end")
    until = last.needed_day_ends or last.needed_by
    if start and until and until < start:
        reading.refuse(at, "period", "must not end before it begins")
    return When(start, last.needed_by, last.needed_day_ends)


def _of_day(reading: Reading, when: Any, at: str) -> When:
    first = _first(reading, when, at)
    ends = end_of(when, reading.home_zone) if first and not isinstance(when, datetime) else None
    return When(None, first, ends)


def _first(reading: Reading, when: Any, at: str) -> datetime | None:
    """Systems write 0001 and 9999 for what they do not know."""
    instant = first_instant(when, reading.home_zone)
    if instant is None or is_of_this_century(instant):
        return instant
    reading.warn(at, "century", "is not of this century: it is not read")
    return None
