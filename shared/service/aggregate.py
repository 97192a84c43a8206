"""One kind of aggregate at work: its engine, and the doors that work on it. Nothing is decided or started here."""

from dataclasses import dataclass

import structlog

from shared.engine import Engine
from shared.engine.effects import EffectWorker
from shared.engine.timers import Timers
from shared.errors import Unavailable
from shared.messaging.consumer import Consumer
from shared.messaging.held import Returns
from shared.messaging.inbox import Reader
from shared.messaging.outbox import Publisher
from shared.ports import Collection, Indexes, Subscription


@dataclass
class Aggregate:
    """The doors of a kind. One without a `consumer` reads nothing: its `subscription` is the service's first."""

    engine: Engine
    store: Collection
    indexes: Indexes
    publisher: Publisher
    effects: EffectWorker
    timers: Timers
    returns: Returns
    reader: Reader
    subscription: Subscription
    consumer: Consumer | None = None
    lacks: tuple[str, ...] | None = None
    """Indexes that were missing when it was last looked; None: nobody has looked yet."""

    async def require_indexes(self) -> None:
        """Raises Unavailable while an index is missing: on what is large its queries would stop everybody.

        An empty collection gets its indexes at once. Any other gets them by `throughline migrate`.
        """
        lacks = tuple(await self.store.missing(self.indexes))
        if lacks and await self.store.is_empty():
            await self.store.prepare(self.indexes)
            lacks = ()
        if lacks and lacks != self.lacks:
            structlog.get_logger().error("indexes are missing: run throughline migrate", reason=",".join(lacks))
        self.lacks = lacks
        if lacks:
            raise Unavailable

    @property
    def is_refused(self) -> bool:
        """Whether the broker does not let it read or write."""
        return self.publisher.is_refused or bool(self.consumer and self.consumer.is_refused)

    @property
    def has_facts(self) -> bool:
        """Whether it consumes or publishes."""
        return self.consumer is not None or self.engine.service is not None
