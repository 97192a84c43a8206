"""The topics of facts, of dead letters (copies of records that a reader could not apply), and of access records."""

from shared.contracts.envelope import ACCESS_TOPIC, SERVICES, dead_letter_topic, topic_of
from shared.kafka import DEAD_LETTER_BYTES, Topic

FACT_BYTES = 1024 * 1024
SIX_YEARS_MS = 6 * 366 * 24 * 3600 * 1000
"""How long it must be known who looked at what (45 CFR 164.316(b)(2))."""


def topics() -> list[Topic]:
    """A topic per publishing service and its dead letters, whose limit is higher: a copy carries more headers.

    And one for the access records of all.
    """
    names = [topic_of(service) for service in SERVICES]
    letters = [Topic(dead_letter_topic(name), DEAD_LETTER_BYTES) for name in names]
    records = Topic(ACCESS_TOPIC, FACT_BYTES, SIX_YEARS_MS)
    return [*(Topic(name, FACT_BYTES) for name in names), *letters, records]
