"""One run: orders come in and time goes by while faults strike, then all is healed, comes to rest, and is judged."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from deploy.cli.exits import Failure
from deploy.cli.player import Player, look
from deploy.cli.reach import Reach, reaching
from deploy.simulators.sms import number_key
from services.scheduling.store import CALENDAR_DAYS
from shared.mongo import MongoClock, MongoStore, connect
from shared.ports import Clock
from shared.settings import ClockSettings, MongoSettings
from tests.chaos.calling import Caller
from tests.chaos.checks import violations
from tests.chaos.clerks import Clerks
from tests.chaos.client import TIMEOUT_S, Client, Record
from tests.chaos.evidence import Answered, Counts, Evidence
from tests.chaos.faults import schedule
from tests.chaos.history import History
from tests.chaos.installation import SERVICE_REPLICAS, Installation
from tests.chaos.judging import judgement
from tests.chaos.orders import order
from tests.chaos.pace import Pace
from tests.chaos.reading import MAIN, database, log_lines, records, wait_for_rest
from tests.chaos.spoiling import Spoiler
from tests.chaos.striking import Strike, Striker

COUNTED = ("authorization", "office_request", "visit", "information", "acknowledgement", "sms_number", "mail")
_AT_ONCE, _CLEARED_S = 16, 30.0
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much of everything. `days_after` are played as a demo plays them, once all is healed."""

    seed: int
    referrals: int
    faults: int
    days_after: int


@dataclass(frozen=True)
class Outcome:
    """What happened, and what is wrong. `passed` is the story's time under faults, `seconds` are of the run's parts.

    `judgement` is what the outside judge says of the history of calls, or why there is none.
    """

    plan: Plan
    strikes: tuple[Strike, ...]
    passed: timedelta
    calls: Mapping[str, int]
    evidence: Evidence
    violations: tuple[str, ...]
    seconds: Mapping[str, float]
    judgement: str


async def play(installation: Installation, plan: Plan, tell: Tell) -> Outcome:
    """Play a run to its end."""
    mongo = connect(MongoSettings.model_validate({"uri": installation.stack.mongo_uri}))
    clock = MongoClock(mongo, ClockSettings(movable=True))
    collections = [*MAIN.items(), ("scheduling", CALENDAR_DAYS)]
    pace = Pace(clock, [MongoStore(mongo, service, name) for service, name in collections])
    striker, faults = Striker(installation, Spoiler(mongo), tell), schedule(plan.seed, plan.faults)
    history_file = installation.log(SERVICE_REPLICAS[0]).with_name("history.ndjson")
    async with (
        _outside(installation, plan, clock, history_file) as (client, clerks),
        reaching(installation.ways[0]) as reach,
    ):
        player = Player(clock, partial(look, reach), _unwatched)
        times = [time.monotonic()]
        await storm(striker.run(faults), _load(client, plan, clock, faults[-1].at_s), pace, clerks)
        times.append(time.monotonic())
        tell(f"All is healed, and {pace.passed.days} days of story are over; the rest is played in peace.")
        restless = await _calm(player, client, plan.days_after)
        times.append(time.monotonic())
        ended = not_back(striker)
        await clerks.look([id_ for record in client.records for id_ in record.ids])
        found = await _evidence(installation, reach, client, await clock.read())
        evidence = replace(found, spoiled=frozenset(striker.spoiler.ids))
        times.append(time.monotonic())
    mongo.close()
    refused, said = await asyncio.to_thread(judgement, history_file)
    # What still moves was read here earlier than there: what does not agree then proves nothing.
    wrong = (*restless, *ended, *refused, *(() if restless else violations(evidence)))
    seconds = {name: times[n + 1] - times[n] for n, name in enumerate(("storm", "calm", "reading"))}
    return Outcome(plan, tuple(striker.strikes), pace.passed, client.calls, evidence, wrong, seconds, said)


@asynccontextmanager
async def _outside(
    installation: Installation, plan: Plan, clock: Clock, history_file: Path
) -> AsyncIterator[tuple[Client, Clerks]]:
    """Those who call from outside. What they ask and are told is in the history, which is whole in the end."""
    limits = httpx2.Limits(max_connections=4 * _AT_ONCE)
    async with httpx2.AsyncClient(timeout=TIMEOUT_S, limits=limits, trust_env=False) as http:
        with history_file.open("w") as file:
            history = History(file)
            client = Client(installation.ways, http, history)
            caller = Caller(installation.ways, http, history)
            yield client, Clerks(caller, client.records, Random(plan.seed), clock.now)
            history.end()


async def storm(faults: Coroutine[Any, Any, None], load: Coroutine[Any, Any, None], *beside: Pace | Clerks) -> None:
    """Faults and load to their ends; time goes on, and clerks work, as long as they do. What fails ends the storm."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(each.run()) for each in beside]
        await asyncio.gather(faults, load)
        for task in running:
            task.cancel()


async def _load(client: Client, plan: Plan, clock: Clock, over_s: float) -> None:
    """Send the orders, evenly over the time in which faults strike."""
    began_s, slots = time.monotonic(), asyncio.Semaphore(_AT_ONCE)
    await clock.read()

    async def one(number: int) -> None:
        async with slots:
            await client.send(order(plan.seed, number, clock.now()))

    async with asyncio.TaskGroup() as group:
        for number in range(plan.referrals):
            await asyncio.sleep(max(began_s + over_s * number / plan.referrals - time.monotonic(), 0))
            group.create_task(one(number))
    await client.done()


async def _calm(player: Player, client: Client, days: int) -> list[str]:
    """Let the story run to its rest, and send every order once more. Return what would not come to rest."""
    try:
        await player.settle()
        await player.play(await player.clock.read() + timedelta(days=days))
        for record in client.records:
            await client.send_again(record)
        await player.settle()
    except Failure as failure:
        return [f"no rest: {failure}"]
    return []


async def _unwatched(_instant: datetime) -> None:
    pass


async def _evidence(installation: Installation, reach: Reach, client: Client, read_at: datetime) -> Evidence:
    uri, bootstrap = installation.stack.mongo_uri, installation.stack.kafka_bootstrap
    await asyncio.to_thread(wait_for_rest, uri, _CLEARED_S)
    phones = {id_: number_key(record.order.phone) for record in client.records for id_ in record.ids}
    found = await asyncio.to_thread(database, uri, phones)
    published, dead_letters = await records(bootstrap)
    return Evidence(
        read_at=read_at,
        answered=tuple(_answered(record) for record in client.records),
        published=published,
        dead_letters=dead_letters,
        documents=found.documents,
        ledger=found.ledger,
        standings=found.standings,
        asked=found.asked,
        messages=found.messages,
        visits=found.visits,
        claims=found.claims,
        outside={kind: await _counts(reach, kind) for kind in COUNTED},
        log=tuple(log_lines((name, installation.log(name)) for name in SERVICE_REPLICAS)),
    )


async def _counts(reach: Reach, kind: str) -> Counts:
    """By identifier; a mail's is its Message-ID, of which we know what stands before the domain."""
    found = await reach.get("simulators", f"/counts/{kind}")
    return {identifier.partition("@")[0]: counts for identifier, counts in found.items()}


def _answered(record: Record) -> Answered:
    return Answered(record.order.number, frozenset(record.ids), record.refused, record.is_cancelled)


def not_back(striker: Striker) -> list[str]:
    """What a fault struck works again within a minute of healing, and nothing ends that no fault struck.

    In the storm it is started again and remembered; what ends in the calm has stayed down.
    """
    late = [f"not back in time: {strike.fault}" for strike in striker.strikes if strike.ready_s is None]
    return late + [f"ended by itself: {name}" for name in (*striker.uncalled, *striker.installation.ended())]
