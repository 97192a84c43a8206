"""Doors other than HTTP: a socket that takes lines, as a service with a protocol of its own would have one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2
import pytest

from shared.engine import CommandEnvelope
from shared.errors import Unavailable
from shared.sealing import Keyring
from shared.service import Blueprint, Hooks, Kind, Listener, Service, wire
from tests.support.clients import everybody
from tests.support.memory import EPOCH, MemoryWorld, Weather
from tests.support.tally import REFERRAL, SOMEBODY, TALLY, Add


@dataclass
class Lines:
    """Each line is the id of a command that counts one more; its answer is the version that holds it, or `later`."""

    port: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    in_hand: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    has_begun: bool = False
    has_ended: bool = False

    async def run(self, service: Service) -> None:
        """Take lines on a port that the system chooses; cancelled, finish those that are in hand."""
        self.has_begun = True
        under_way = set[asyncio.Task[None]]()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._answer(service, reader, writer))
            under_way.add(task)
            await task

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        self.port.set_result(server.sockets[0].getsockname()[1])
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()
            await asyncio.gather(*under_way)
            self.has_ended = True

    async def _answer(self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode().strip()
        self.in_hand.set()
        await self.may_go_on.wait()
        add = Add(at=EPOCH, by=SOMEBODY, channel="hl7v2", referral_id=REFERRAL)
        try:
            outcome = await service.execute(CommandEnvelope(key=REFERRAL, id=line, command=add))
            writer.write(f"{outcome.version}\n".encode())
        except Unavailable:
            writer.write(b"later\n")
        await writer.drain()
        writer.close()


class Watched(Weather):
    """Nothing happens, but for being seen to try to join the group."""

    def __init__(self) -> None:
        self.has_tried = asyncio.Event()

    async def step(self, name: str) -> None:
        """Note it."""
        if name == "join":
            self.has_tried.set()


class Broken:
    """A listener that cannot listen."""

    async def run(self, service: Service) -> None:
        """Its port belongs to somebody else."""
        raise OSError(f"The port of {service.name} is taken.")


class Running:
    """A service with one listener, on a world of its own."""

    def __init__(self) -> None:
        self.weather = Watched()
        self.world, self.http = MemoryWorld(weather=self.weather), httpx2.AsyncClient()
        self.was_told_to_end = asyncio.Event()
        self.service: Service | None = None

    async def start(self, listener: Listener) -> Service:
        """Open its doors."""
        hooks = Hooks(
            lambda *_, **_labels: None, lambda _shown: None, lambda _error: None, self.was_told_to_end.set
        )  # fmt: skip
        plan = Blueprint(
            "sixth",
            (Kind(TALLY, "tallies", consumes=("intake",), publishes="scheduling"),),
            (),
            {},
            listeners=(listener,),
        )
        self.service = wire(plan, self.world, Keyring({"keys": []}), everybody(self.http), hooks, poll_s=0.01)
        await self.service.start()
        return self.service

    def saved(self) -> list[int]:
        """The counts of the documents on the disk."""
        return [stored["state"]["count"] for stored in self.world.disk.documents("tallies")]


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    """A service that is stopped after the test."""
    it = Running()
    yield it
    if it.service:
        await it.service.stop()
    await it.http.aclose()


@pytest.fixture
async def lines() -> Lines:
    """A listener that does not keep a line in hand for longer than it takes."""
    listener = Lines()
    listener.may_go_on.set()
    return listener


async def say(lines: Lines, line: str) -> str:
    """Send a line, and wait for its answer."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", await lines.port)
        writer.write(f"{line}\n".encode())
        answer = (await reader.readline()).decode().strip()
        writer.close()
    return answer


async def test_answers_once_it_is_saved(running: Running, lines: Lines) -> None:
    """A line that comes again is answered as before, and counts once."""
    await running.start(lines)

    assert ("1", [1]) == (await say(lines, "first"), running.saved())
    assert ("1", [1]) == (await say(lines, "first"), running.saved())
    assert ("2", [2]) == (await say(lines, "second"), running.saved())


async def test_does_not_answer_what_is_not_saved(running: Running, lines: Lines) -> None:
    """While the database is down, whoever sends is told to come back, and does."""
    await running.start(lines)
    await lines.port
    running.world.disk.is_database_down = True
    assert ("later", []) == (await say(lines, "first"), running.saved())

    running.world.disk.is_database_down = False
    assert ("1", [1]) == (await say(lines, "first"), running.saved())


async def test_begins_once_the_doors_are_open(running: Running, lines: Lines) -> None:
    """Nothing is taken in by a service that cannot reach its broker yet."""
    running.world.disk.is_broker_down = True
    service = await running.start(lines)
    await asyncio.wait_for(running.weather.has_tried.wait(), 20)
    assert (False, False) == (service.is_started, lines.has_begun)

    running.world.disk.is_broker_down = False
    await asyncio.wait_for(lines.port, 20)
    assert service.is_started


async def test_finishes_what_it_has_in_hand(running: Running) -> None:
    """A stop cancels it before the service drains: what it has taken is saved and answered, and no more is taken."""
    lines = Lines()
    service = await running.start(lines)
    asked = asyncio.ensure_future(say(lines, "first"))
    await lines.in_hand.wait()
    stopping = asyncio.ensure_future(service.stop())
    lines.may_go_on.set()
    await stopping

    assert ("1", [1], True) == (await asked, running.saved(), lines.has_ended)
    assert not running.was_told_to_end.is_set()
    with pytest.raises(ConnectionRefusedError):
        await say(lines, "second")


async def test_one_that_ends_by_itself_ends_the_process(running: Running) -> None:
    """Better no process than one that only looks alive."""
    await running.start(Broken())

    await asyncio.wait_for(running.was_told_to_end.wait(), 20)
