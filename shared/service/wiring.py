"""From a blueprint to a running service: engines, doors and gateways on a world. The simulation wires the same way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from shared.audit import Forwarder, Keeper, Recorder
from shared.contracts.envelope import ACCESS_TOPIC, topic_of
from shared.contracts.language import Fact
from shared.effects import Clients
from shared.engine import Decider, Engine
from shared.engine.effects import EffectWorker
from shared.engine.timers import Timers
from shared.identity import AccessPolicy, Concerned, Session
from shared.messaging.consumer import Consumer
from shared.messaging.held import Returns
from shared.messaging.inbox import KeyOf, Reaction, Reader
from shared.messaging.other_content import Compare
from shared.messaging.outbox import Publisher
from shared.parties import Kind as PartyKind
from shared.ports import Collection, Gateway, Indexes, Subscription
from shared.sealing import Keyring
from shared.service.aggregate import Aggregate
from shared.service.listener import Listener
from shared.service.on_record import recorded
from shared.service.runtime import Hooks, Service
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


def _no_reactions(_parts: Parts) -> Mapping[type[Fact], Reaction]:
    return {}


@dataclass(frozen=True)
class Kind:
    """One kind of aggregate: its decider, its collection, and the gateways of its effects by kind of effect.

    `consumes` names the sources whose facts it takes. Several kinds of a service may consume the same fact: each has a
    consumer group and an inbox of its own. A fact reaches the aggregate that its subject names, in the order of its
    source; with `key_of` the one that this names for it, in no order (`shared.messaging.keyed`), None for no aggregate.
    A key begins with the tenant of the fact. What cannot be taken in parks the aggregate either way.
    `publishes` names the source of its facts, and by it their topic. A source belongs to one kind: a subject's
    facts are numbered by its document, and two documents of one subject would use the same numbers (ADR 2).
    `compare` is of a kind that keeps every fact: what has a known number and says something else is parked by it.
    """

    decider: Decider
    collection: str
    gateways: Callable[[Parts], Mapping[str, Gateway]] = _no_gateways
    indexes: Indexes = ()
    consumes: Sequence[str] = ()
    reactions: Callable[[Parts], Mapping[type[Fact], Reaction]] = _no_reactions
    publishes: str | None = None
    key_of: KeyOf | None = None
    compare: Callable[[Collection], Compare] | None = None


def _concerns_nobody(_permission: str, _state: object) -> Concerned:
    return Concerned()


@dataclass(frozen=True)
class Blueprint:
    """A service. The first of `kinds` has one aggregate per referral; its consumer group has the service's name.

    `opens` are the audiences whose seals it opens: it needs no other sealing keys.
    `asks` are the kinds of parties that it sends requests to: it needs no keys for others.
    `concerned` says by permission and state which parties an aggregate concerns: nobody, unless a service says so.
    `handed` names the permissions by whose addresses programs are asked to answer, each with the audience whose key
    makes its capabilities (`shared.capabilities`).
    `listeners` are its doors other than HTTP. One service `keeps_records`: the access records of all.
    """

    name: str
    kinds: Sequence[Kind]
    routers: Sequence[APIRouter] = ()
    policy: AccessPolicy = field(default_factory=dict)
    concerned: Callable[[str, Any], Concerned] = _concerns_nobody
    handed: Mapping[str, str] = field(default_factory=dict)
    opens: tuple[str, ...] = ()
    asks: frozenset[PartyKind] = frozenset()
    session: Session | None = None
    open_paths: frozenset[str] = frozenset()
    listeners: Sequence[Listener] = ()
    keeps_records: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError where two kinds publish as one source."""
        if len(set(self.publishes)) < len(self.publishes):
            raise ValueError(f"Of {self.name}, several kinds publish as one source: {sorted(self.publishes)}.")

    @property
    def consumes(self) -> tuple[str, ...]:
        """The sources whose topics it reads, each once."""
        return tuple(dict.fromkeys(source for kind in self.kinds for source in kind.consumes))

    @property
    def publishes(self) -> tuple[str, ...]:
        """The sources whose topics it writes."""
        return tuple(kind.publishes for kind in self.kinds if kind.publishes)

    @property
    def groups(self) -> tuple[str, ...]:
        """Its consumer groups of facts."""
        return tuple(self.group_of(kind) for kind in self.kinds if kind.consumes)

    @property
    def record_group(self) -> str:
        """The consumer group in which it reads access records, if it keeps those of all."""
        return f"{self.name}-access"

    def group_of(self, kind: Kind) -> str:
        """The consumer group of one of its kinds: a kind that is added later reads its topics from the beginning."""
        return self.name if kind is self.kinds[0] else f"{self.name}-{kind.decider.name}"


def wire(
    blueprint: Blueprint,
    world: World,
    keyring: Keyring,
    clients: Clients,
    hooks: Hooks,
    poll_s: float = 1.0,
    recorder: Recorder | None = None,
) -> Service:
    """Wire a service, whose calls `recorder` puts on record. Nothing is started, and nothing is reached yet."""
    main, chance, on_error = blueprint.kinds[0], world.random.random, hooks.on_error
    subscription = _subscription(blueprint, main, world)
    engines: dict[str, Engine] = {}
    parts, made = Parts(keyring, clients, engines), list[tuple[Kind, Publisher, EffectWorker]]()
    for kind in blueprint.kinds:
        publisher = Publisher(world.bus, world.clock)
        gateways = recorded(kind.gateways(parts), recorder)
        effects = EffectWorker(gateways, world.clock, world.token, hooks.count, on_error)
        engine = engines[kind.decider.name] = _engine(blueprint, kind, world, hooks, publisher, effects)
        if recorder:
            engine.witness = recorder.witnessed
        made.append((kind, publisher, effects))
    aggregates = {}
    for kind, publisher, effects in made:
        engine, reads = engines[kind.decider.name], kind is main or bool(kind.consumes)
        reader = Reader(blueprint.group_of(kind), kind.reactions(parts), hooks.count, kind.key_of)
        compare = kind.compare(engine.store) if kind.compare else None
        share = subscription if kind is main or not reads else _subscription(blueprint, kind, world)
        aggregates[kind.decider.name] = Aggregate(
            engine,
            engine.store,
            kind.indexes,
            publisher,
            effects,
            Timers(engine, world.clock, share, world.random, on_error, poll_s),
            Returns(engine, reader if reads else None, world.clock, chance, on_error),
            reader,
            share,
            Consumer(engine, reader, share, publisher, world.clock, chance, compare) if reads else None,
        )
    listeners = (*blueprint.listeners, *_for_records(blueprint, world, recorder))
    return Service(blueprint.name, world.clock, keyring, aggregates, hooks, chance, listeners, recorder)


def _for_records(blueprint: Blueprint, world: World, recorder: Recorder | None) -> Sequence[Listener]:
    """What carries access records to the one place where they are kept for all, and keeps them there."""
    if recorder is None:
        return ()
    forwarder = Forwarder(recorder, world.bus)
    if not blueprint.keeps_records:
        return (forwarder,)
    return (
        forwarder,
        Keeper(world.subscription(blueprint.record_group, [ACCESS_TOPIC]), recorder.rows, blueprint.name),
    )


def _subscription(blueprint: Blueprint, kind: Kind, world: World) -> Subscription:
    """What a kind reads. By its partitions replicas share the timers, too: also those of kinds that read nothing."""
    return world.subscription(blueprint.group_of(kind), [topic_of(source) for source in kind.consumes])


def _engine(
    blueprint: Blueprint, kind: Kind, world: World, hooks: Hooks, publisher: Publisher, effects: EffectWorker
) -> Engine:
    return Engine(
        kind.decider,
        world.store(blueprint.name, kind.collection),
        world.clock,
        world.bus.partition_of,
        world.token,
        publisher.publish,
        effects,
        service=kind.publishes,
        count=hooks.count,
        on_error=hooks.on_error,
    )
