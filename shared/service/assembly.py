"""From a blueprint to an app: settings, world, routes, policy. It wires and decides nothing."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import structlog
from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings

from shared.audit import Recorder
from shared.effects import Clients, Connections
from shared.identity import Guard, Limits, Rates, Verifier, audience_of, fetch_over_http
from shared.parties import Register
from shared.sealing import Keyring, counting, counting_refusals, follow
from shared.service import operations
from shared.service.figures import Figures
from shared.service.on_record import recorder_of, recording
from shared.service.ownership import Ownership
from shared.service.runtime import Hooks, Service
from shared.service.wiring import Blueprint, wire
from shared.settings import (
    AccessRecordsSettings,
    ClockSettings,
    DeploymentSettings,
    IdentitySettings,
    KafkaSettings,
    LimitsSettings,
    MongoSettings,
    PartiesSettings,
    SealingSettings,
    TelemetrySettings,
)
from shared.telemetry import Metrics, configure
from shared.web import create_app
from shared.world import RealWorld, World


class ServiceSettings(BaseSettings):
    """What every service needs, each slice read from the environment under its own prefix."""

    deployment: DeploymentSettings = Field(default_factory=DeploymentSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    mongo: MongoSettings = Field(default_factory=MongoSettings)
    clock: ClockSettings = Field(default_factory=ClockSettings)
    identity: IdentitySettings = Field(default_factory=IdentitySettings)
    sealing: SealingSettings = Field(default_factory=SealingSettings)
    records: AccessRecordsSettings = Field(default_factory=AccessRecordsSettings)
    parties: PartiesSettings = Field(default_factory=PartiesSettings)
    limits: LimitsSettings = Field(default_factory=LimitsSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)


def assemble(blueprint: Blueprint, settings: ServiceSettings | None = None, world: World | None = None) -> FastAPI:
    """The app of a service. Doors open when it starts and drain when it stops."""
    settings = settings or ServiceSettings()
    configure(blueprint.name, settings.telemetry.log_level)
    metrics = Metrics()
    kafka = settings.kafka.of(blueprint.name, socket.gethostname())
    world = world or RealWorld(kafka, settings.mongo, settings.clock)
    identity = settings.identity
    audience = identity.audience or audience_of(blueprint.name)
    register = Register.from_file(settings.parties.file)
    verifier = Verifier(identity.issuer, audience, fetch_over_http(identity.jwks_url), world.epoch_s, register)
    recorder = recorder_of(blueprint.name, world, settings.records.signing_key_file)
    keyring = _keyring(settings.sealing.keys_file, recorder, metrics, world)
    connections = Connections(register, blueprint.asks, settings.parties.file.parent)
    clients = Clients(register, connections, connections.plain)
    service = wire(blueprint, world, keyring, clients, hooks_of(metrics), settings.clock.poll_s, recorder)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        _spare_the_collector()
        async with _following(keyring, settings.sealing.keys_file, world):
            yield
        await service.stop()
        await connections.aclose()
        await world.close()

    app = create_app(
        f"Throughline {blueprint.name}",
        [*blueprint.routers, operations.router],
        guard_of(blueprint, verifier, lambda: service, recorder, _limits(settings.limits, world, metrics)),
        lifespan=lifespan,
        metrics=metrics,
        checks={"doors": service.is_ready, "indexes": service.is_indexed, "program": service.edition},
    )
    app.state.service = service
    return app


def guard_of(
    blueprint: Blueprint,
    verifier: Verifier,
    service: Callable[[], Service],
    recorder: Recorder | None = None,
    limits: Limits | None = None,
) -> Guard:
    """Who may come in to a service: its tables and everybody's, and what is whose; how often, and who records it."""
    policy = {**operations.POLICY, **blueprint.policy}
    owns = Ownership(blueprint, service)
    return Guard(verifier, policy, blueprint.open_paths, blueprint.session, owns, limits, recorder)


def _keyring(file: Path, recorder: Recorder, metrics: Metrics, world: World) -> Keyring:
    opened = recording(recorder, counting(metrics.seal_openings))
    return Keyring.from_file(file, opened, counting_refusals(metrics.seal_refusals), world.epoch_s)


@asynccontextmanager
async def _following(keyring: Keyring, file: Path, world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(follow(keyring, file, world.clock.sleep))
    try:
        yield
    finally:
        task.cancel()


def _limits(settings: LimitsSettings, world: World, metrics: Metrics) -> Limits:
    rates = Rates(settings.reads_per_s, settings.writes_per_s, settings.at_once, settings.all_at_once)
    return Limits(rates, world.clock.monotonic, lambda why: metrics.limited.labels(why).inc())


def _spare_the_collector() -> None:
    """What stands after the start stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def hooks_of(metrics: Metrics) -> Hooks:
    """Callbacks of this process: figures go to these metrics, faults to the log, its end comes by a signal."""
    return Hooks(partial(_count, metrics), partial(_show, metrics), _log_fault, _end_process)


def _count(metrics: Metrics, name: str, n: int, /, **labels: str) -> None:
    """Count what the metrics know; the rest is for the simulation."""
    counter = getattr(metrics, name, None)
    if counter is not None:
        (counter.labels(**labels) if labels else counter).inc(n)


def _show(metrics: Metrics, figures: Figures) -> None:
    metrics.lag.clear()  # a partition that moved to another replica is that one's to tell of
    for (topic, partition), behind in figures.lag.items():
        metrics.lag.labels(topic, str(partition)).set(behind)
    metrics.parked.set(figures.parked)
    metrics.outbox_age_s.set(figures.outbox_age_s)


def _log_fault(error: BaseException) -> None:
    structlog.get_logger().error("something failed, and is tried again", exc_info=error)


def _end_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
