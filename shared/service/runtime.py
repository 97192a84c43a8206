"""A running service: its engines and its doors, which start in order and drain in reverse."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from shared.audit import Recorder
from shared.backoff import pause_s
from shared.engine import CommandEnvelope, CommandOutcome, Document, Engine, WorkItem
from shared.errors import Busy, NotFound, Unavailable, Unknown
from shared.kafka import WrongTopic
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Reader
from shared.ports import Clock, Collection, Count, Subscription
from shared.sealing import Keyring
from shared.service.aggregate import Aggregate
from shared.service.figures import Figures, figures_of
from shared.service.listener import Listener
from shared.service.on_record import on_record
from shared.telemetry import current_traceparent, misconfigured

RETRY_S, LONGEST_RETRY_S = 0.5, 4.0
DRAIN_S = 15.0
LAST_COMMIT_S = 5.0
OBSERVED_EVERY_S = 5.0
STUCK_AFTER_S = 60.0


@dataclass(frozen=True)
class Hooks:
    """Callbacks to the host process: counters, gauges, recoverable errors, and a request to shut down."""

    count: Count
    show: Callable[[Figures], None]
    on_error: Callable[[BaseException], None]
    stop_process: Callable[[], None]


@dataclass
class Service:
    """What routes, reactions and gateways hold on to."""

    name: str
    clock: Clock
    keyring: Keyring
    aggregates: Mapping[str, Aggregate]
    hooks: Hooks
    chance: Callable[[], float]
    listeners: Sequence[Listener] = ()
    recorder: Recorder | None = None
    is_started: bool = False
    _consuming: list[asyncio.Task[None]] = field(default_factory=list)
    _publishing: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def main(self) -> Aggregate:
        """The aggregate of which there is one per referral."""
        return next(iter(self.aggregates.values()))

    @property
    def engine(self) -> Engine:
        """The engine of the main aggregate."""
        return self.main.engine

    @property
    def store(self) -> Collection:
        """The collection of the main aggregate, for read models."""
        return self.main.store

    @property
    def reader(self) -> Reader:
        """What the main aggregate makes of the facts that it consumes."""
        return self.main.reader

    @property
    def subscription(self) -> Subscription:
        """What the main aggregate reads."""
        return self.main.subscription

    @property
    def _subscriptions(self) -> list[Subscription]:
        """Each once: kinds that consume nothing share the first."""
        return [each.subscription for each in self.aggregates.values() if each is self.main or each.consumer]

    @property
    def _consumers(self) -> list[Consumer]:
        """Of all kinds that consume, in their order."""
        return [each.consumer for each in self.aggregates.values() if each.consumer]

    def now(self) -> datetime:
        """The business time. Raises Unavailable before the clock was first read."""
        return self.clock.now()

    async def execute(self, envelope: CommandEnvelope) -> CommandOutcome:
        """Handle a command and return its outcome. Raises the refusal, Busy, Unavailable or Unknown."""
        traced = replace(envelope, traceparent=envelope.traceparent or current_traceparent())
        outcome: CommandOutcome = await self.submit(traced)
        if error := outcome.refusal or outcome.fault:
            raise error
        return outcome

    async def submit(self, item: WorkItem) -> Any:
        """Handle one item of the main aggregate, together with others of its moment."""
        on_record(item.key)
        return await self.engine.queue.submit(item)

    async def read(self, key: str) -> Document:
        """The newest document. Raises NotFound."""
        on_record(key)
        document = await self.engine.read(key)
        if document is None:
            raise NotFound
        return document

    async def start(self) -> None:
        """Start the doors: the store first, then publishing, consuming, timers. What is down is waited for."""
        for aggregate in self.aggregates.values():
            engine, out = aggregate.engine, aggregate.publisher
            self._publishing += map(self._run, (out.run(engine), out.keep_clear(engine), out.sweep(engine)))
        if self.recorder:
            self._publishing.append(self._run(self.recorder.run()))
        self._consuming.append(self._run(self._open_doors()))

    async def _open_doors(self) -> None:
        await self._until_available(self.clock.read)
        if self.recorder:
            await self._until_available(self.recorder.prepare)
        for aggregate in self.aggregates.values():
            await self._until_available(aggregate.require_indexes)
            self._consuming += [self._run(work) for work in (aggregate.timers.run(), aggregate.returns.run())]
        for subscription in self._subscriptions:
            await self._until_available(subscription.start)
        self.is_started = True
        self._consuming += [self._run(listener.run(self)) for listener in self.listeners]
        reading = [(each, each.consumer) for each in self.aggregates.values() if each.consumer]
        self._consuming += [self._run(self._observe(each, consumer)) for each, consumer in reading]
        self._consuming += [self._run(consumer.run()) for _, consumer in reading[1:]]
        await reading[0][1].run()

    async def stop(self) -> None:
        """Stop all doors, finish and publish what is under way within a bound, and leave the group."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await _ended(self._consuming)
                for aggregate in self.aggregates.values():
                    await _whatever_happens(aggregate.engine.flush())  # it may make calls due, which are waited for
                for aggregate in self.aggregates.values():
                    await aggregate.engine.queue.drain()
                    await aggregate.effects.drain()
                    await aggregate.publisher.caught_up()
        await _ended(self._publishing)
        await _whatever_happens(self._commit())
        if self.recorder:
            await _whatever_happens(self.recorder.close())
        for subscription in self._subscriptions:
            await subscription.stop()

    async def _commit(self) -> None:
        """What is done need not be read again, and may be."""
        for consumer in self._consumers:
            async with asyncio.timeout(LAST_COMMIT_S):
                await consumer.stop()

    async def is_ready(self) -> bool:
        """Whether the doors are open, the database answers, and the broker refuses us nothing."""
        await self.clock.read()
        return self.is_started and not any(aggregate.is_refused for aggregate in self.aggregates.values())

    async def is_indexed(self) -> bool:
        """Whether no index is known to be missing."""
        return not any(aggregate.lacks for aggregate in self.aggregates.values())

    async def edition(self) -> str:
        """Whether this program is too old for what it met: such a replica reads no facts, and serves what it can."""
        return "outdated" if any(consumer.is_outdated for consumer in self._consumers) else "current"

    async def _observe(self, aggregate: Aggregate, consumer: Consumer) -> None:
        """Show how it goes; end a process that has something to read, can reach everything, and yet reads nothing."""
        moved_at, taken = self.clock.monotonic(), -1
        while True:
            await self.clock.sleep(OBSERVED_EVERY_S)
            if aggregate is self.main:
                await self._show()
            is_waiting = consumer.failures or consumer.is_outdated
            if consumer.taken != taken or is_waiting or not any(aggregate.subscription.lag().values()):
                moved_at, taken = self.clock.monotonic(), consumer.taken
            if self.clock.monotonic() - moved_at > STUCK_AFTER_S:
                structlog.get_logger().error("the consumer is stuck")
                self.hooks.stop_process()

    async def _show(self) -> None:
        try:
            self.hooks.show(await figures_of(self.aggregates.values(), self.clock.now()))
        except Unavailable:
            return
        except Exception as error:  # noqa: BLE001 - what is only looked at must not end what looks
            self.hooks.on_error(error)

    async def _until_available(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        for tries in itertools.count():
            try:
                await work()
            except Unavailable:
                await self.clock.sleep(pause_s(tries, RETRY_S, LONGEST_RETRY_S, self.chance()))
            else:
                return

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._on_end)
        return task

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """A door that ends on its own is a fault: better no process than one that only looks alive."""
        if task.cancelled():
            return
        error = task.exception()
        structlog.get_logger().error("a door ended", reason=type(error).__name__, exc_info=error)
        if isinstance(error, WrongTopic):
            misconfigured(str(error))
        self.hooks.stop_process()


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _whatever_happens(work: Awaitable[None]) -> None:
    """A stop goes on: what is not saved or committed is read again by whoever comes next."""
    try:
        await work
    except (Unavailable, Unknown, Busy, TimeoutError):
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the rest is to end in good order
        structlog.get_logger().error("part of a stop failed", exc_info=error)
