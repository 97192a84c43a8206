"""When people answer: on the full hour, so that a demo reaches every answer in few jumps of its clock.

Pure. Holidays are not kept.
"""

from datetime import UTC, datetime, timedelta, tzinfo

OPENS_HOUR, CLOSES_HOUR = 8, 17
SATURDAY = 5
HOUR = timedelta(hours=1)


def full_hour(instant: datetime) -> datetime:
    """The full hour at or next after the instant."""
    hour = instant.replace(minute=0, second=0, microsecond=0)
    return hour if hour == instant else hour + HOUR


def opening(instant: datetime, zone: tzinfo = UTC) -> datetime:
    """The first full hour from the instant on, Monday to Friday, 8 to 17 in the zone; given in UTC."""
    hour = full_hour(instant.astimezone(zone))
    while hour.weekday() >= SATURDAY or not OPENS_HOUR <= hour.hour <= CLOSES_HOUR:
        hour += HOUR
    return hour.astimezone(UTC)
