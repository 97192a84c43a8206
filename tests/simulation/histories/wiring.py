"""The real services wired on one world in memory, without doors; only the connection to the mail server is another."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import httpx2

from shared.contracts.language import Command
from shared.effects import NotTaken
from shared.engine import Decider, Engine
from shared.errors import Unknown
from shared.ports import Collection, Gateway
from shared.service import Blueprint, Hooks, Kind, Parts, Service, wire
from shared.world import World
from tests.simulation.histories.listed import ListedStore
from tests.simulation.services.direct_requests import blueprints
from tests.support.clients import everybody
from tests.support.five_services.keyrings import keyring
from tests.support.memory import MemoryWorld
from tests.support.outbound import Uncalled
from tests.support.outside.mail_gateway import with_played_mail

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
        kinds = tuple(_noted(kind, gateways) for kind in _with_mail(name).kinds)
        service = wire(replace(blueprints()[name], kinds=kinds), world, keyring(name), everybody(http), hooks)
        for kind in kinds:
            engine = service.aggregates[kind.decider.name].engine
            engine.effects = Uncalled(engine.effects.traits)
            found.append(Place(service, f"{name}.{kind.collection}", engine, gateways[kind.decider.name]))
    return found


@cache
def _with_mail(name: str) -> Blueprint:
    plan = blueprints()[name]
    counted = replace(plan, kinds=tuple(replace(kind, decider=_counted(kind.decider)) for kind in plan.kinds))
    return with_played_mail(counted, lambda parts: partial(_send, parts.clients.plain))


async def _send(http: httpx2.AsyncClient, _message_id: str) -> None:
    """The mail server is asked as if it spoke HTTP."""
    try:
        response = await http.put("http://mail.example/mail/message")
    except httpx2.ConnectError:
        raise NotTaken from None
    except httpx2.HTTPError:
        raise Unknown("silence") from None
    if response.status_code != httpx2.codes.OK:
        raise Unknown("A reply that is none.")


def _counted(decider: Decider) -> Decider:
    def decide(command: Command, state: Any) -> Any:
        facts = decider.decide(command, state)
        DECIDED[type(command)] += 1
        return facts

    return replace(decider, decide=decide)


def _noted(kind: Kind, found: dict[str, Mapping[str, Gateway]]) -> Kind:
    """The same kind, whose gateways are found again under its name."""

    def gateways(parts: Parts) -> Mapping[str, Gateway]:
        found[kind.decider.name] = kind.gateways(parts)
        return found[kind.decider.name]

    return replace(kind, gateways=gateways)
