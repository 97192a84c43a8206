"""All five services side by side, where nothing happens by itself: facts, calls and timers go on when they are told to.

No rule is checked here, and no choice is made.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from structlog.testing import capture_logs

from services.intake.domain import Redirect
from shared.contracts.envelope import SERVICES
from shared.effects.protocol import Begun, quarantine
from shared.engine import Document
from shared.engine.effects import Answered, Begin
from shared.engine.timers import Wake
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Rejected, Unknown
from shared.messaging.inbox import Delivery
from shared.ports import Received
from tests.simulation.determinism import no_threads
from tests.simulation.histories.wiring import OneDisk, Place, places
from tests.simulation.scheduler import SeededLoop
from tests.simulation.services.direct_requests import Said, app, blueprints, served
from tests.support.five_services.wiring import client_to, hooks
from tests.support.memory import EPOCH

Line = tuple[str, str, str]
"""A reader, a source, and the referral that the source tells of."""
Behaviour = Callable[[httpx2.Request], httpx2.Response]
"""What the outside answers; it raises httpx2's errors for silence and refused connections."""
STEPS_AT_MOST = 65_000
"""Ten times what the longest of the histories that a `make test` plays takes: 6,464."""


@dataclass(frozen=True)
class Owed:
    """A call that an effect owes now."""

    place: Place
    key: str
    effect: str


@dataclass(frozen=True)
class Live:
    """A call that is written down and not answered; nobody believes in an answer from `until` on."""

    owed: Owed
    begun: Begun
    until: datetime


class SteppedServices:
    """The services of one history. `told` is what each told of each referral, `live` the calls under way."""

    def __init__(self, begins: datetime) -> None:
        self._patches = ExitStack()
        self._patches.enter_context(no_threads())
        self._patches.enter_context(capture_logs())
        self.loop = SeededLoop(0, STEPS_AT_MOST)
        self.told: dict[tuple[str, str], list[Received]] = defaultdict(list)
        self.heard: dict[Line, int] = defaultdict(int)
        self.live: list[Live] = []
        self.faults: list[BaseException] = []
        self._behaviour: Behaviour = silence
        self._read: dict[tuple[str, int], int] = defaultdict(int)
        self._decoded: dict[tuple[str, str], tuple[bytes, Document]] = {}
        self.loop.run_until_complete(self._build(begins))
        self.services = {place.service.name: place.service for place in self.places}
        aggregates = [each for service in self.services.values() for each in service.aggregates.values()]
        self._publishers = [each.publisher for each in aggregates]
        self._at_work = [self.loop.create_task(each.publisher.run(each.engine)) for each in aggregates]  # kept alive

    async def _build(self, begins: datetime) -> None:
        self.world = OneDisk(begins)
        self.http = client_to(self._outside)
        self.places = places(self.world, self.http, hooks(self.faults.append, lambda: None))

    def close(self) -> None:
        """Stop it all."""
        self.loop.cancel_all()
        self.loop.run_until_complete(self.http.aclose())
        self.loop.close()
        self._patches.close()

    def do(self, work: Awaitable[Any]) -> Any:
        """Do one thing to its end, and publish what it told."""
        return self.loop.run_until_complete(self._done(work))

    async def _done(self, work: Awaitable[Any]) -> Any:
        try:
            return await work
        finally:
            for publisher in self._publishers:
                await publisher.caught_up()
            self._collect()

    def _collect(self) -> None:
        for (topic, partition), log in self.world.disk.topics.items():
            service = topic.split(".")[2]
            for record in log[self._read[topic, partition] :] if not topic.endswith(".dlq") else ():
                self.told[service, (record.key or b"").decode()].append(record)
            self._read[topic, partition] = len(log)

    @property
    def now(self) -> datetime:
        """The business time."""
        return EPOCH + timedelta(seconds=round(self.loop.time(), 3)) + self.world.disk.offset

    def documents(self, place: Place) -> dict[str, Document]:
        """The documents of a collection as they are saved; they are for reading alone."""
        found = {}
        for key, raw in self.world.disk.collections[place.collection].items():
            known = self._decoded.get((place.collection, key))
            if known is None or known[0] is not raw:
                document: Document = self.do(place.engine.read(key))
                known = raw, document
                self._decoded[place.collection, key] = known
            found[key] = known[1]
        return found

    def main(self, service: str) -> Place:
        """Where a service keeps its referrals."""
        return next(place for place in self.places if place.is_main and place.service.name == service)

    def document(self, service: str, key: str) -> Document | None:
        """What a service keeps of a referral."""
        return self.documents(self.main(service)).get(key)

    def state(self, service: str, key: str) -> Any:
        """The state of a service's aggregate, or None."""
        document = self.document(service, key)
        return document.state if document else None

    def unit(self, place: Place, document: Document) -> UnitOfWork:
        """A draft to ask questions of."""
        return UnitOfWork(place.engine.decider, document, self.now, place.engine.service, place.engine.effects.traits)

    def undelivered(self) -> list[Line]:
        """Where something was told that was not delivered."""
        return [
            (reader.service.name, source, key)
            for reader in self.places
            if reader.is_main
            for (source, key), told in self.told.items()
            if source in blueprints()[reader.service.name].consumes
            and self.heard[reader.service.name, source, key] < len(told)
        ]

    def deliver(self, line: Line, spoil: Callable[[Received], Received] | None = None) -> Received:
        """Deliver the next fact of a line; a spoiled copy, if `spoil` says how. Return the fact as it was told."""
        record = self.told[line[1:]][self.heard[line]]
        self.heard[line] += 1
        self.hand_over(line[0], spoil(record) if spoil else record)
        return record

    def hand_over(self, reader: str, record: Received) -> None:
        """Give a record to a reader, as its consumer does."""
        service = self.services[reader]
        self.do(service.engine.handle([Delivery(service.reader, record)]))

    def owed(self) -> list[Owed]:
        """The calls that are due and not begun."""
        found = []
        for place in self.places:
            for key, document in self.documents(place).items():
                due = self.unit(place, document).due_effects() if document.calls else ()
                found += [Owed(place, key, record.key) for record, _, when in due if when <= self.now]
        return found

    def begin(self, owed: Owed) -> Live | None:
        """Write a call down, if it is still owed. It is under way from then on."""
        begun: Begun | None
        [begun] = self.do(owed.place.engine.handle([Begin(owed.key, owed.effect, self.world.token())]))
        if begun is None:
            return None
        until = self.now + quarantine(owed.place.engine.effects.traits[begun.call.kind])
        live = Live(owed, begun, until)
        self.live.append(live)
        return live

    def answer(self, live: Live, behaviour: Behaviour) -> Exception | None:
        """Let the outside answer a call. Return why the domain would not have it, if so."""
        self.live.remove(live)
        self._behaviour = behaviour
        owed, call = live.owed, live.begun.call
        try:
            answer = self.do(owed.place.gateways[call.kind].call(call, live.begun.state, self.now))
        except Unknown:
            return None
        error: Exception | None
        [error] = self.do(owed.place.engine.handle([Answered(owed.key, owed.effect, call.number, answer)]))
        return error

    def _outside(self, request: httpx2.Request) -> httpx2.Response:
        return self._behaviour(request)

    def next_wake(self) -> datetime | None:
        """The earliest instant at which some document wants to be woken."""
        stored = (stored for index in self.world.disk.indexed.values() for stored in index.values())
        return min((each["wake_at"] for each in stored if "wake_at" in each), default=None)

    def move_to(self, instant: datetime) -> None:
        """Time passes. Calls that nobody answered in time are given up by whoever made them."""
        self.world.disk.offset += max(instant - self.now, timedelta())
        self.live = [live for live in self.live if live.until > self.now]

    def ring(self) -> None:
        """Wake everything that is due."""
        for place in self.places:
            index = self.world.disk.indexed[place.collection]
            due = [key for key, stored in index.items() if "wake_at" in stored and stored["wake_at"] <= self.now]
            if due:
                self.do(place.engine.handle([Wake(key, self.now) for key in due]))

    def ask(self, service: str, request: httpx2.Request) -> Said | Rejected:
        """Have a request served. Return the refusal if there is one."""
        try:
            said: Said = self.do(served(app(service), self.services[service], request))
        except Rejected as refusal:
            return refusal
        return said

    def referrals(self) -> Iterator[str]:
        """The referrals that intake knows; another name of an order is none."""
        found = self.documents(self.main("intake"))
        yield from (key for key, document in found.items() if not isinstance(document.state, Redirect))


def silence(request: httpx2.Request) -> httpx2.Response:
    """Nobody answers."""
    raise httpx2.ReadTimeout("silence", request=request)


__all__ = ["SERVICES", "Behaviour", "Line", "Live", "Owed", "SteppedServices", "silence"]
