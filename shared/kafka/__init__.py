"""The only room that speaks to Kafka's client: sending, reading, topics. What a record means is not known here."""

from shared.kafka.bus import KafkaBus
from shared.kafka.subscription import KafkaSubscription
from shared.kafka.topics import (
    DEAD_LETTER_BYTES,
    TooFewCopies,
    Topic,
    WrongPartitions,
    WrongTopic,
    apply_topics,
    short_of_copies,
)

__all__ = [
    "DEAD_LETTER_BYTES",
    "KafkaBus",
    "KafkaSubscription",
    "TooFewCopies",
    "Topic",
    "WrongPartitions",
    "WrongTopic",
    "apply_topics",
    "short_of_copies",
]
