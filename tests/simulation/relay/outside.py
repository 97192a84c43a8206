"""The outside of the relays: five kinds of systems, each with its promises, and a book of what they did."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

from shared.effects import NotTaken
from shared.errors import Unknown
from shared.ports import Answer, Call, Traits
from tests.simulation.machines import ReplicaWeather
from tests.simulation.relay.domain import Note
from tests.simulation.requests import Garbled, Wire
from tests.support.tally import SOMEBODY

LAND_S, VISIBLE_S, TIMEOUT_S, DECIDES_S = 5.0, 3.0, 4.0, 5.0
FINAL = 3
TRAITS: Mapping[str, Traits] = {
    "asks": Traits(can_ask=True, land_s=LAND_S, visible_s=VISIBLE_S, concurrency=2),
    "dedupes": Traits(dedupes=True, land_s=LAND_S, visible_s=VISIBLE_S, concurrency=1),
    "results": Traits(can_ask=True, has_results=True, land_s=LAND_S, visible_s=VISIBLE_S, ask_every_s=20.0),
    "once": Traits(land_s=LAND_S, visible_s=VISIBLE_S),
    "repeats": Traits(may_repeat=True, land_s=LAND_S, visible_s=VISIBLE_S),
}
MESSAGES = ("once", "repeats")
"""Kinds that cannot be taken back: a withdrawal is a correction that is sent after them."""


@dataclass
class Thing:
    """What one send made: what it is known by, whether it can be seen yet, and what has become of it."""

    ref: str
    at: float
    is_visible: bool = False
    is_alive: bool = True
    number: int = 1


@dataclass
class Outside:
    """What there is outside, by effect id. `told` delivers a callback: aggregate, effect id, answer."""

    wire: Wire
    told: Callable[[str, str, Answer], None]
    things: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))
    siblings: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    corrected: dict[str, float] = field(default_factory=dict)
    _refs: int = 0

    def land(self, call: Call) -> Answer:
        """What a call does when it lands."""
        now = self.wire.storm.loop.time()
        if call.act == "send":
            return self._send(call, now, self.wire.storm.random)
        seen = [thing for thing in self.things[call.effect_id] if thing.is_visible]
        if call.act == "ask":
            return self._said(call, [thing for thing in seen if thing.is_alive])
        return self._withdraw(call, seen, now)

    def _send(self, call: Call, now: float, random: Random) -> Answer:
        mine = self.things[call.effect_id]
        if mine and TRAITS[call.kind].dedupes:
            return self._said(call, mine[:1])
        others = self.siblings[call.aggregate_id, call.kind] - {call.effect_id}
        if call.kind not in MESSAGES and any(thing.is_alive for other in others for thing in self.things[other]):
            self.wire.cluster.complain(f"two revisions of {call.kind} of {call.aggregate_id} are alive")
        self.siblings[call.aggregate_id, call.kind].add(call.effect_id)
        self._refs += 1
        thing = Thing(f"ref-{self._refs}", now)
        visible_s = random.choice([0.0, VISIBLE_S, random.uniform(0, VISIBLE_S)])
        self.wire.later(visible_s, lambda: setattr(thing, "is_visible", True))
        mine.append(thing)
        if TRAITS[call.kind].has_results:
            for number in (2, FINAL):
                self.wire.later(random.uniform(0, DECIDES_S) * number, partial(self._go_on, call, thing, number))
        return self._said(call, [thing])

    def _withdraw(self, call: Call, seen: list[Thing], now: float) -> Answer:
        if call.kind in MESSAGES:
            self.corrected[call.effect_id] = now
            return Answer("withdrawn", tuple(thing.ref for thing in self.things[call.effect_id]))
        for thing in seen:
            thing.is_alive = thing.is_alive and bool(call.refs) and thing.ref not in call.refs
        dead = tuple(thing.ref for thing in seen if not thing.is_alive)
        return Answer("withdrawn", dead) if dead else Answer("nothing")

    def _go_on(self, call: Call, thing: Thing, number: int) -> None:
        """The outside decides something later, and says so: not at all, once, or again and again, in any order."""
        storm = self.wire.storm
        if not thing.is_alive or number < thing.number:
            return
        thing.number = number
        answer = self._said(call, [thing])
        if storm.strikes("callback lost"):
            return
        for _ in range(2 if storm.strikes("callback repeated") else 1):
            late = storm.strikes("callback late")
            self.wire.later(
                storm.random.uniform(0, 12 if late else 0.5),
                lambda: self.told(call.aggregate_id, call.effect_id, answer),
            )

    def _said(self, call: Call, things: list[Thing]) -> Answer:
        if not things:
            return Answer("absent")
        number = max(thing.number for thing in things)
        effect = f"{call.kind}:{call.revision}"
        note = Note(at=self.wire.cluster.disk.now(), by=SOMEBODY, channel="callback", effect=effect, number=number)
        is_final = not TRAITS[call.kind].has_results or number >= FINAL
        return Answer("alive", tuple(thing.ref for thing in things), is_final, note)


@dataclass(frozen=True)
class Bell:
    """The gateway of one kind, in one replica (ports.Gateway)."""

    outside: Outside
    weather: ReplicaWeather
    traits: Traits

    async def call(self, call: Call, state: Any, now: datetime) -> Answer:
        """One request."""
        del state, now
        try:
            return await self.outside.wire.request(self.weather, lambda: self.outside.land(call), LAND_S, TIMEOUT_S)
        except NotTaken:
            return Answer("not_taken")
        except Garbled as error:
            raise Unknown("garbled") from error
