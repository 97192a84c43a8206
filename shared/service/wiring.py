"""From a blueprint to a running service: engines, doors and gateways on a world. The simulation wires the same way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from shared.contracts.envelope import topic_of
from shared.contracts.language import Fact
from shared.effects import Clients
from shared.engine import Decider, Engine
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
    """What reactions and gateways may be made of: keys, clients, and the service's own engines, by decider.

    Gateways are made before the engines that use them: whoever needs an engine looks it up when called.
    """

    keyring: Keyring
    clients: Clients
    engines: Mapping[str, Engine]


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
    """A service. The first of `kinds` has one aggregate per referral, consumes facts, and publishes if `publishes`.

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
    main, chance, on_error = blueprint.kinds[0], world.random.random, hooks.on_error
    subscription = world.subscription(blueprint.name, [topic_of(name) for name in blueprint.consumes])
    engines: dict[str, Engine] = {}
    parts, made = Parts(keyring, clients, engines), list[tuple[Kind, Publisher, EffectWorker]]()
    for kind in blueprint.kinds:
        publisher = Publisher(world.bus, world.clock)
        effects = EffectWorker(kind.gateways(parts), world.clock, world.token, hooks.count, on_error)
        engines[kind.decider.name] = _engine(blueprint, kind, world, hooks, publisher, effects)
        made.append((kind, publisher, effects))
    reader = Reader(blueprint.name, blueprint.reactions(parts), hooks.count)
    aggregates = {}
    for kind, publisher, effects in made:
        engine, reads = engines[kind.decider.name], kind is main
        timers = Timers(engine, world.clock, subscription, world.random, on_error, poll_s)
        returns = Returns(engine, reader if reads else None, world.clock, chance, on_error)
        consumer = Consumer(engine, reader, subscription, publisher, world.clock, chance) if reads else None
        aggregates[kind.decider.name] = Aggregate(
            engine, engine.store, kind.indexes, publisher, effects, timers, returns, consumer
        )
    return Service(blueprint.name, world.clock, keyring, aggregates, subscription, reader, hooks, chance)


def _engine(
    blueprint: Blueprint, kind: Kind, world: World, hooks: Hooks, publisher: Publisher, effects: EffectWorker
) -> Engine:
    publishes = blueprint.publishes and kind is blueprint.kinds[0]
    return Engine(
        kind.decider,
        world.store(blueprint.name, kind.collection),
        world.clock,
        world.bus.partition_of,
        world.token,
        publisher.publish,
        effects,
        service=blueprint.name if publishes else None,
        count=hooks.count,
        on_error=hooks.on_error,
    )
