"""From a blueprint to a running service: engines, doors and gateways on a world. The simulation wires the same way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from shared.contracts.envelope import topic_of
from shared.contracts.language import Fact
from shared.effects import Clients
from shared.engine import Decider, Engine, GroupCommit
from shared.engine.effects import EffectWorker
from shared.engine.timers import Timers
from shared.identity import AccessPolicy, Concerned, Session
from shared.messaging.consumer import Consumer
from shared.messaging.held import Returns
from shared.messaging.inbox import Reaction, Reader
from shared.messaging.outbox import Publisher
from shared.parties import Kind as PartyKind
from shared.ports import Gateway
from shared.sealing import Keyring
from shared.service.runtime import Aggregate, Hooks, Service
from shared.world import World


@dataclass(frozen=True)
class Parts:
    """What reactions and gateways may be made of: keys, ways out, and the service's own engines, by decider."""

    keyring: Keyring
    clients: Clients
    engines: Mapping[str, Engine]
    queues: Mapping[str, GroupCommit]


def _no_gateways(_parts: Parts) -> Mapping[str, Gateway]:
    return {}


@dataclass(frozen=True)
class Kind:
    """One kind of aggregate: its decider, its collection, and the gateways of its effects by kind of effect."""

    decider: Decider
    collection: str
    gateways: Callable[[Parts], Mapping[str, Gateway]] = _no_gateways
    indexes: Sequence[Any] = ()


def _concerns_nobody(_permission: str, _state: Any) -> Concerned:
    return Concerned()


@dataclass(frozen=True)
class Blueprint:
    """A service. The first of `kinds` has one aggregate per referral, hears the facts, and tells them if `is_heard`.

    `asks` are the kinds of parties that it sends requests to: of no others does it need keys.
    `concerned` says by permission and state which parties an aggregate concerns: nobody, unless a service says so.
    `handed` names the permissions by whose addresses programs are asked to answer, each with the audience whose key
    makes its capabilities (`shared.capabilities`).
    """

    name: str
    kinds: Sequence[Kind]
    reactions: Callable[[Parts], Mapping[type[Fact], Reaction]]
    consumes: Sequence[str]
    routers: Sequence[APIRouter]
    policy: AccessPolicy
    concerned: Callable[[str, Any], Concerned] = _concerns_nobody
    handed: Mapping[str, str] = field(default_factory=dict)
    publishes: bool = True
    asks: frozenset[PartyKind] = frozenset()
    session: Session | None = None
    open_paths: frozenset[str] = frozenset()


def wire(
    blueprint: Blueprint, world: World, keyring: Keyring, clients: Clients, hooks: Hooks, poll_s: float = 1.0
) -> Service:
    """Wire a service. Nothing is started, and nothing is reached yet."""
    (main, *_), chance = blueprint.kinds, world.random.random
    subscription = world.subscription(blueprint.name, [topic_of(name) for name in blueprint.consumes])
    engines = {kind.decider.name: _engine(blueprint, kind, world, hooks) for kind in blueprint.kinds}
    queues = {name: GroupCommit(engine) for name, engine in engines.items()}
    parts = Parts(keyring, clients, engines, queues)
    reader = Reader(blueprint.name, blueprint.reactions(parts), hooks.count)
    aggregates = {}
    for kind in blueprint.kinds:
        engine, gateways = engines[kind.decider.name], kind.gateways(parts)
        engine.traits = {name: gateway.traits for name, gateway in gateways.items()}
        queue, publisher = queues[kind.decider.name], Publisher(engine, world.bus, world.clock)
        effects = EffectWorker(engine, queue, gateways, world.clock, world.token, hooks.on_error)
        engine.publish, engine.effects = publisher.publish, effects
        door = Timers(engine, world.clock, subscription, world.random, hooks.on_error, poll_s)
        reader_of = reader if kind is main else None
        returns = Returns(engine, reader_of, world.clock, chance, hooks.on_error)
        aggregates[kind.decider.name] = Aggregate(
            engine, engine.store, kind.indexes, queue, publisher, effects, door, returns
        )
    consuming = aggregates[main.decider.name]
    consuming.consumer = Consumer(consuming.engine, reader, subscription, consuming.publisher, world.clock, chance)
    return Service(blueprint.name, world.clock, keyring, aggregates, subscription, reader, hooks, chance)


def _engine(blueprint: Blueprint, kind: Kind, world: World, hooks: Hooks) -> Engine:
    publishes = blueprint.publishes and kind is blueprint.kinds[0]
    return Engine(
        kind.decider,
        world.store(blueprint.name, kind.collection),
        world.clock,
        world.bus.partition_of,
        world.token,
        service=blueprint.name if publishes else None,
        count=hooks.count,
        on_error=hooks.on_error,
    )
