"""One run of the services: referrals through storms and months, then the calm in which everything must come right."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2

from shared.effects.protocol import id_of
from shared.effects.stored import record_from_stored
from shared.errors import Rejected
from shared.service import Blueprint, Hooks, Service, wire
from tests.simulation.calm import settle
from tests.simulation.cluster import Cluster
from tests.simulation.machines import Life
from tests.simulation.operator import Operator
from tests.simulation.poison import Poison
from tests.simulation.requests import Wire
from tests.simulation.scheduler import SeededLoop
from tests.simulation.services import rules
from tests.simulation.services.agenda import Agenda
from tests.simulation.services.connections import Doors, client, mail
from tests.simulation.services.direct_requests import blueprints
from tests.simulation.services.later import Ehr, hours_before, words_of
from tests.simulation.services.orders import orders, referral_id
from tests.simulation.services.outside import Outside
from tests.simulation.services.staff import ACTS, FOUGHT_OVER, Staff
from tests.simulation.storm import Storm
from tests.simulation.troubles import befall
from tests.support.clients import everybody
from tests.support.five_services.keyrings import keyring
from tests.support.outside.mail_gateway import with_played_mail

POISONED, SPOILED = 0.4, 0.04
LASTS_S = (15.0, 30.0, 60.0)
MOVES_S = 0.8
RUSHES = 0.25
JUMPS = 400


async def play(loop: SeededLoop) -> tuple[Cluster, list[str]]:
    """Play one seed; return the cluster as it stands in the end, and what is wrong."""
    run = Run(loop)
    await run.storm()
    await run.calm()
    wrong = run.wrong()
    await run.end()
    return run.cluster, wrong


@dataclass
class Run:
    """Everything that takes part in one run.

    `newest` are the programs, by service. Where others run beside them, `plan_of` says which, by the name of a life.
    """

    loop: SeededLoop
    newest: Mapping[str, Blueprint] = field(default_factory=blueprints)
    plan_of: Callable[[str], Blueprint] | None = None
    is_time_flying: bool = False
    accepted: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    at_work: list[asyncio.Task[None]] = field(default_factory=list)
    errands: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put it together."""
        storm = Storm(self.loop)
        self.cluster = Cluster(storm, dict.fromkeys(blueprints(), self._wired))
        self.agenda = Agenda(self.cluster)
        self.doors = Doors(self.cluster)
        self.staff = Staff(self.cluster, self.doors)
        self.ehr = Ehr(self.cluster, self.doors)
        self.outside = Outside(Wire(self.cluster), self.agenda, self._is_wanted, self._posts, self._reports)
        self.poison = Poison(storm, self.cluster.broker, SPOILED if self.loop.random.random() < POISONED else 0.0)
        self.cluster.broker.mangle = self.poison.mangle
        self.operator = Operator(self.cluster)
        self.deciders = rules.deciders_of(self.newest)
        rules.watch(self.cluster, self.deciders)

    def start(self, *others: Coroutine[Any, Any, None]) -> None:
        """Start everything, and let time fly."""
        self.cluster.start()
        self.is_time_flying = True
        for work in (self.agenda.play(), *others, self._play_time()):
            self.at_work.append(self.loop.create_task(work))

    async def storm(self) -> None:
        """Orders come in and people act while everything fails and time flies."""
        random, storm = self.loop.random, self.cluster.storm
        self.start(self.operator.work())
        troubles = self.loop.create_task(befall(self.cluster))
        is_rush = random.random() < RUSHES
        came = orders(random, self.cluster.disk.now(), is_rush=is_rush)
        placed = [self.place(after_s, order, is_rush=is_rush) for after_s, order in came]
        await asyncio.gather(asyncio.sleep(random.uniform(5, random.choice(LASTS_S))), *placed)
        self.cluster.heal()
        self.is_time_flying = False
        await troubles
        assert not storm.is_stormy

    async def calm(self) -> None:
        """Everything is mended, and the story is played to its end."""
        self.poison.mend(hopeless=0.0)
        await self.settle(JUMPS)

    async def settle(self, jumps: int) -> None:
        """Play the story to its end, with at most so many moves of time."""
        self.is_time_flying = False
        await settle(self.cluster, jumps, self._busy, self.agenda.next_due, self._only_asks)

    def wrong(self) -> list[str]:
        """What is wrong in the end."""
        found = rules.wrong(self.cluster, self.outside, self.accepted, self.poison, self.ehr.spoken, self.deciders)
        return self.cluster.complaints + found

    async def end(self) -> None:
        """Stop it all. A fault of the simulation itself is raised."""
        for task in (*self.at_work, *self.errands):
            if task.done():
                task.result()
            task.cancel()
        self.cluster.end()
        await asyncio.gather(*self.at_work, *self.errands, return_exceptions=True)

    def _wired(self, life: Life, hooks: Hooks) -> Service:
        name = life.weather.name.rpartition("-")[0]
        plan, weather = self.plan_of(life.weather.name) if self.plan_of else self.newest[name], life.weather
        ours = with_played_mail(plan, lambda _parts: mail(self.outside, weather))
        return wire(ours, life, keyring(name), everybody(client(self.outside, weather)), hooks)

    async def place(self, after_s: float, order: Mapping[str, Any], *, is_rush: bool) -> None:
        """Send an order until it is taken; later, people do this and that about it. In a rush all want one time."""
        random = self.loop.random
        await asyncio.sleep(after_s)
        request = self.doors.by_person("clinician", "intake", "/v1/referrals", order, "unused")
        said = await self.doors.ask(request)
        self.accepted[said.body["referral_id"]] = order
        assert said.body["referral_id"] == referral_id(order)
        acts = [random.choices(ACTS, [act[0] for act in ACTS])[0] for _ in range(random.choice([0, 1, 2, 4]))]
        for act in [*acts, FOUGHT_OVER] if is_rush else acts:
            after = timedelta(hours=random.uniform(0, 6) ** random.choice([1, 2, 4]))
            at = self.cluster.disk.now() + after
            self.agenda.at(at, lambda act=act: self._run(self.staff.act(referral_id(order), act)))  # type: ignore[misc] # binds

        self._speak_later(order, words_of(referral_id(order)))

    def _speak_later(self, order: Mapping[str, Any], words: Sequence[str]) -> None:
        """Have the EHR say the next word of an order, and the others after it."""
        if not words:
            return
        key, (word, *others) = referral_id(order), words

        async def speak() -> None:
            said = await self.ehr.say(key, order, word)
            self.accepted.setdefault(referral_id(said), said)
            self._speak_later(order, others)

        at = self.cluster.disk.now() + timedelta(hours=hours_before(key, word))
        self.agenda.at(at, lambda: self._run(speak()))

    async def _play_time(self) -> None:
        """In the storm time flies whenever no call is under way, mostly to what is due next."""
        random, cluster = self.loop.random, self.cluster
        while True:
            await asyncio.sleep(random.expovariate(1 / MOVES_S))
            dues = [instant for instant in (cluster.next_wake(), self.agenda.next_due()) if instant]
            if self.is_time_flying and dues and not cluster.under_way and not cluster.is_calling():
                late = timedelta(hours=random.choice([0, 0, 0, 1, 30]))
                cluster.disk.offset += max(min(dues) + late - cluster.disk.now(), timedelta())

    def _is_wanted(self, key: str, id_: str) -> bool:
        """Whether some document of a referral wants the effect of this id."""
        documents = [index[key] for index in self.cluster.disk.indexed.values() if key in index]
        records = [record_from_stored(record) for document in documents for record in document["calls"]]
        return any(record.is_wanted and id_of(key, record) == id_ for record in records)

    def _posts(self, url: str, body: Mapping[str, Any]) -> None:
        self._deliver(self.doors.by_system(url, body))

    def _reports(self, url: str, form: Mapping[str, str]) -> None:
        self._deliver(self.doors.by_gateway(url, form))

    def _deliver(self, request: httpx2.Request) -> None:
        """A callback comes: not at all, once, or again and again, in any order."""
        storm = self.cluster.storm
        if storm.strikes("callback lost", request.url.host):
            return
        for _ in range(2 if storm.strikes("callback repeated", request.url.host) else 1):
            late = storm.random.uniform(0.5, 12) if storm.strikes("callback late", request.url.host) else 0.0
            self.outside.wire.later(late, lambda: self._run(self._told(request)))

    async def _told(self, request: httpx2.Request) -> None:
        try:
            await self.doors.ask(request)
        except Rejected as refusal:
            if refusal.code not in ("404", "409"):
                self.cluster.complain(f"{request.url.path} was refused: {refusal.code} {refusal.message}")

    def _run(self, work: Any) -> None:
        self.errands.append(self.loop.create_task(work))

    def _only_asks(self) -> bool:
        """Whether all that is left is to ask daily after what others owe us: nobody else waits for the clock."""
        return self.agenda.next_due() is None and all(
            rules.only_asks(decider, stored)
            for collection, decider in self.deciders.items()
            for stored in self.cluster.disk.documents(collection)
        )

    def _busy(self) -> str | None:
        self.errands = [task for task in self.errands if not task.done() or task.exception()]
        if self.cluster.under_way or self.errands:
            return "something is under way outside"
        parked = self.cluster.parked()
        return f"{parked} are parked" if parked else None
