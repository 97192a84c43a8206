"""By when: every time limit of intake in one place. Instants are absolute."""

from datetime import datetime, timedelta
from typing import Final

from shared.business_days import after_business_days
from shared.contracts.language import Priority

NEEDED_WITHIN: Final[dict[Priority, timedelta]] = {
    "stat": timedelta(days=1),
    "asap": timedelta(days=7),
    "urgent": timedelta(days=14),
    "routine": timedelta(days=40),
}
"""From the order to the visit, where the order does not say. FHIR's request-priority puts asap above urgent."""
ORDER_VALID_FOR: Final = timedelta(days=180)
CHECK_WITHIN: Final = timedelta(minutes=15)
WIND_DOWN_WITHIN: Final = timedelta(minutes=15)
HOLD_BUSINESS_DAYS: Final = 2
"""After so long somebody asks what an order on hold waits for."""

_STAT_ANSWER_WITHIN: Final = timedelta(hours=2)
_ANSWER_BUSINESS_DAYS: Final[dict[Priority, int]] = {"asap": 1, "urgent": 1, "routine": 2}
_REPORT_WITHIN: Final[dict[Priority, timedelta]] = {"routine": timedelta(days=10)}
_PRESSING_REPORT_WITHIN: Final = timedelta(days=3)


def answer_due(priority: Priority, asked_at: datetime) -> datetime:
    """By when the referring clinician supplies what is missing."""
    if priority == "stat":
        return asked_at + _STAT_ANSWER_WITHIN
    return after_business_days(asked_at, _ANSWER_BUSINESS_DAYS[priority])


def report_due(priority: Priority, seen_at: datetime) -> datetime:
    """By when the specialist reports on a visit."""
    return seen_at + _REPORT_WITHIN.get(priority, _PRESSING_REPORT_WITHIN)
