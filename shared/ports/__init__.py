"""The world as the engine sees it: a store, a bus, a clock and gateways, each handed in.

The engine reaches nothing else, so the same code runs on MongoDB and Kafka or on fakes under a seeded
scheduler. An implementation raises Unavailable when nothing happened and Unknown when it cannot tell.
"""

from shared.ports.broker import Bus, Received, Record, Subscription
from shared.ports.clock import Clock, Count
from shared.ports.outside import Act, Answer, AnswerWord, Call, Gateway, Traits
from shared.ports.stores import MOST_BYTES, Collection, Indexes, Store, Stored, Unsaved

__all__ = [
    "MOST_BYTES",
    "Act",
    "Answer",
    "AnswerWord",
    "Bus",
    "Call",
    "Clock",
    "Collection",
    "Count",
    "Gateway",
    "Indexes",
    "Received",
    "Record",
    "Store",
    "Stored",
    "Subscription",
    "Traits",
    "Unsaved",
]
