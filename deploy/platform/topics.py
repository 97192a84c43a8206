"""The topics of the services' facts, and of dead letters: copies of records that a reader could not apply."""

from shared.contracts.envelope import SERVICES, dead_letter_topic, topic_of
from shared.kafka import DEAD_LETTER_BYTES, Topic

FACT_BYTES = 1024 * 1024


def topics() -> list[Topic]:
    """A topic per publishing service and its dead letters, whose limit is higher: a copy carries more headers."""
    names = [topic_of(service) for service in SERVICES]
    letters = [Topic(dead_letter_topic(name), DEAD_LETTER_BYTES) for name in names]
    return [*(Topic(name, FACT_BYTES) for name in names), *letters]
