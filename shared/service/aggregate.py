"""One kind of aggregate at work: its engine, and the doors that work on it. Nothing is decided or started here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.engine import Engine
from shared.engine.effects import EffectWorker
from shared.engine.timers import Timers
from shared.messaging.consumer import Consumer
from shared.messaging.held import Returns
from shared.messaging.inbox import Reader
from shared.messaging.outbox import Publisher
from shared.ports import Collection, Subscription


@dataclass
class Aggregate:
    """The doors of a kind. One without a `consumer` reads nothing: its `subscription` is the service's first."""

    engine: Engine
    store: Collection
    indexes: Sequence[Any]
    publisher: Publisher
    effects: EffectWorker
    timers: Timers
    returns: Returns
    reader: Reader
    subscription: Subscription
    consumer: Consumer | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the broker does not let it read or write."""
        return self.publisher.is_refused or bool(self.consumer and self.consumer.is_refused)

    @property
    def has_facts(self) -> bool:
        """Whether it consumes or publishes."""
        return self.consumer is not None or self.engine.service is not None
