"""The real services wired on one world in memory, without doors; only the connection to the mail server is another."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import httpx2

from services.notifications.gateways import MailGateway
from services.notifications.gateways.answers import taken
from shared.contracts.language import Command
from shared.engine import Decider, Engine
from shared.errors import Unknown
from shared.ports import Answer, Call, Collection, Gateway
from shared.service import Hooks, Kind, Parts, Service, wire
from shared.world import World
from tests.simulation.histories.listed import ListedStore
from tests.simulation.services.apps import blueprints, keyring
from tests.support.clients import everybody
from tests.support.memory import MemoryWorld
from tests.support.outbound import Uncalled

DECIDED: Counter[type[Command]] = Counter()
"""How often a command was decided and not refused, over all histories of this process: several services may have one
of the same name."""


class OneDisk(MemoryWorld):
    """A world in which each service has collections of its own."""

    def store(self, database: str, collection: str) -> Collection:
        """The collection of a service."""
        return ListedStore(self.disk, f"{database}.{collection}", self.weather)


@dataclass(frozen=True)
class Place:
    """Where one kind of aggregate lives: its service, its collection, its engine and the gateways of its effects."""

    service: Service
    collection: str
    engine: Engine
    gateways: Mapping[str, Gateway]

    @property
    def is_main(self) -> bool:
        """Whether there is one aggregate per referral here."""
        return self.engine is self.service.engine


def places(world: World, http: httpx2.AsyncClient, hooks: Hooks) -> list[Place]:
    """Wire all services; what a save makes due is left to be found in the store."""
    found = []
    for name in blueprints():
        gateways: dict[str, Mapping[str, Gateway]] = {}
        kinds = tuple(_with_our_mail(kind, gateways) for kind in _kinds(name))
        service = wire(replace(blueprints()[name], kinds=kinds), world, keyring(name), everybody(http), hooks)
        for kind in kinds:
            engine = service.aggregates[kind.decider.name].engine
            engine.effects = Uncalled(engine.effects.traits)
            found.append(Place(service, f"{name}.{kind.collection}", engine, gateways[kind.decider.name]))
    return found


@cache
def _kinds(name: str) -> tuple[Kind, ...]:
    return tuple(replace(kind, decider=_counted(kind.decider)) for kind in blueprints()[name].kinds)


def _counted(decider: Decider) -> Decider:
    def decide(command: Command, state: Any) -> Any:
        facts = decider.decide(command, state)
        DECIDED[type(command)] += 1
        return facts

    return replace(decider, decide=decide)


def _with_our_mail(kind: Kind, found: dict[str, Mapping[str, Gateway]]) -> Kind:
    def gateways(parts: Parts) -> Mapping[str, Gateway]:
        found[kind.decider.name] = {
            effect: Mail(real.settings, real.writer, real.may_repeat, parts.clients.plain)
            if isinstance(real, MailGateway)
            else real
            for effect, real in kind.gateways(parts).items()
        }
        return found[kind.decider.name]

    return replace(kind, gateways=gateways)


@dataclass(frozen=True)
class Mail(MailGateway):
    """The real gateway, whose server is asked as if it spoke HTTP."""

    http: httpx2.AsyncClient

    async def _deliver(self, call: Call, now: datetime, mail: Any) -> Answer:
        try:
            response = await self.http.put(f"http://mail.example/mail/{call.effect_id}")
        except httpx2.ConnectError:
            return Answer("not_taken")
        except httpx2.HTTPError:
            raise Unknown("silence") from None
        if response.status_code != httpx2.codes.OK:
            raise Unknown("A reply that is none.")
        return taken(call, now, str(mail["Message-ID"]))
