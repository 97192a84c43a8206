"""A document that is broken, too large or full harms nobody but itself, and loses no fact."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import bson
import pytest
from structlog.testing import capture_logs

from shared.backoff import pause_s
from shared.effects.protocol import LONGEST_BACKOFF_S, backoff
from shared.engine import CommandEnvelope, Engine, GroupCommit
from shared.engine.document import ENTRIES_KEPT, HELD
from shared.engine.timers import Timers, Wake
from shared.errors import Rejected, Unusable
from shared.messaging import inbox
from shared.messaging.consumer import Consumer
from shared.messaging.held import THE_DOCUMENT, Returns
from shared.messaging.inbox import Delivery
from shared.messaging.outbox import Publisher
from shared.messaging.parked import CloseUnsequenced
from shared.ports import Received, Record, Stored
from tests.support.memory import CODEC, EPOCH, MemoryBus, MemorySubscription
from tests.support.tally import OTHER, REFERRAL, SOMEBODY, TALLY, Add, Arm, Tally, record
from tests.unit.engine.conftest import Bench

TOPIC = "referral.public.intake.v1"
BREAKS: dict[str, Callable[[Stored], Stored]] = {
    "a field is missing": lambda stored: {name: value for name, value in stored.items() if name != "told"},
    "a field is of another kind": lambda stored: {**stored, "seen": []},
    "the state is of another kind": lambda stored: {**stored, "state": {**stored["state"], "count": "many"}},
    "there is no state": lambda stored: {**stored, "state": None},
    "its shape was never known": lambda stored: {**stored, "schema": 0},
}


def add(key: str, id_: str = "later") -> CommandEnvelope:
    """One more for this one."""
    return CommandEnvelope(key=key, id=id_, command=Add(at=EPOCH, by=SOMEBODY, channel="api", referral_id=key))


def put(bench: Bench, key: str, raw: bytes) -> None:
    """Write to the disk, past all rules."""
    bench.disk.collections["tallies"][key] = raw
    bench.disk.indexed["tallies"][key] = bson.decode(raw, CODEC)


async def spoiled(bench: Bench, how: Callable[[Stored], Stored], key: str = REFERRAL) -> Stored:
    """Somebody spoils a document by hand, behind everybody's back. Return it as it was."""
    await bench.engine.do(add(key, "first"))
    sound = (await bench.store.load([key]))[key]
    put(bench, key, bson.encode(how(sound)))
    bench.engine = bench.replica()
    return sound


def mend(bench: Bench, sound: Stored) -> None:
    """And somebody mends it."""
    put(bench, sound["_id"], bson.encode({**sound, "version": sound["version"] + 1}))


def consumer_of(bench: Bench, engine: Engine | None = None) -> Consumer:
    """A consumer."""
    engine = engine or bench.engine
    subscription = MemorySubscription(bench.broker, "tally", [TOPIC], bench.weather, wait_s=0.2)
    publisher = Publisher(MemoryBus(bench.broker, bench.weather), bench.clock)
    return Consumer(engine, bench.reader, subscription, publisher, bench.clock)


def returns_of(bench: Bench, engine: Engine | None = None) -> Returns:
    """What gives back."""
    return Returns(engine or bench.engine, bench.reader, bench.clock, lambda: 0.0, bench.faults.append)


def tell(bench: Bench, *records: Received) -> None:
    """Records land on the topic."""
    for each in records:
        partition = bench.broker.partition_of((each.key or b"").decode())
        bench.broker.append(TOPIC, partition, [Record(each.key, each.headers, each.value)])


async def consumed(bench: Bench, consumer: Consumer, until: Callable[[], Any]) -> None:
    """Run it until something holds, and all that is told is committed."""
    running = asyncio.ensure_future(consumer.run())
    async with asyncio.timeout(30):
        while not running.done() and not (until() and _all_committed(bench)):
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def _all_committed(bench: Bench) -> bool:
    logs = {where: log for where, log in bench.disk.topics.items() if where[0] == TOPIC}
    return all(bench.disk.committed.get(("tally", *where), 0) == len(log) for where, log in logs.items())


def stored_of(bench: Bench, key: str) -> Stored:
    """A document as it is in the store, {} where there is none."""
    return next((d for d in bench.disk.documents("tallies") if d["_id"] == key), {})


class TestBackoff:
    def test_is_bounded_however_often(self) -> None:
        """Doubled without end it overflows after 1,023 tries, in a document that lives on."""
        pauses = [backoff(tries, f"demo-{tries}").total_seconds() for tries in range(10_001)]

        assert LONGEST_BACKOFF_S >= max(pauses)
        assert 0.75 <= min(pauses)
        assert 5.0 >= max(pause_s(tries, 0.1, 5.0, 1.0) for tries in range(10_001))

    def test_is_spread(self) -> None:
        """After an outage not everybody comes back at the same moment; the same one always does."""
        pauses = [backoff(9, f"demo-{n}") for n in range(100)]

        assert 90 < len(set(pauses))
        assert pauses == [backoff(9, f"demo-{n}") for n in range(100)]


@pytest.mark.parametrize("how", BREAKS.values(), ids=BREAKS)
class TestBrokenDocument:
    async def test_fails_for_itself_alone(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """Who asks for it may come back; who asks for others in the same write is answered. Nothing is overwritten."""
        await spoiled(bench, how)
        before, queue = stored_of(bench, REFERRAL), GroupCommit(bench.engine.handle)
        asked: list[Any] = [queue.submit(add(REFERRAL)), queue.submit(add(OTHER)), queue.submit(add(REFERRAL, "b"))]

        mine, other, again = list[Any](await asyncio.gather(*asked, return_exceptions=True))

        assert (Unusable, 1, Unusable) == (type(mine), other.version, type(again))
        assert mine.why.startswith("undecodable:/")
        assert before == stored_of(bench, REFERRAL)
        with pytest.raises(Unusable):
            await bench.engine.read(REFERRAL)

    async def test_loses_no_fact(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """Its partition goes on; what comes for it waits beside it, once, and is applied in order when it is mended."""
        sound = await spoiled(bench, how)
        tell(bench, record(1, EPOCH), record(1, EPOCH, OTHER), record(2, EPOCH), record(1, EPOCH))
        await consumed(bench, consumer_of(bench), lambda: stored_of(bench, OTHER).get("seen"))
        held = stored_of(bench, f"{HELD}{REFERRAL}")
        await returns_of(bench).round()
        still = len([1 for _, letter in stored_of(bench, held["_id"])["letters"] if letter])

        mend(bench, sound)
        bench.disk.offset += timedelta(hours=1)
        await returns_of(bench, bench.replica()).round()

        assert (3, 4, True) == (len(held["letters"]), still, held["is_parked"])
        assert all(letter["reason"].startswith("document-undecodable") for _, letter in held["letters"])
        assert ("intake1", "intake2") == (await bench.tally()).state.heard
        assert not stored_of(bench, held["_id"]).get("is_parked")
        assert "is_parked" not in stored_of(bench, REFERRAL)

    async def test_breaks_while_facts_of_it_are_put_off(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """What was applied and not saved is read again, and held; nothing is committed before."""
        await bench.engine.do(add(REFERRAL, "first"))
        tell(bench, record(1, EPOCH))
        consumer = consumer_of(bench)
        running = asyncio.ensure_future(consumer.run())
        while not bench.engine.has_deferred:
            await asyncio.sleep(0)
        sound = stored_of(bench, REFERRAL)
        put(bench, REFERRAL, bson.encode(how({**sound, "version": 2})))
        async with asyncio.timeout(30):
            while not stored_of(bench, f"{HELD}{REFERRAL}") or not _all_committed(bench):
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

        mend(bench, {**sound, "version": 2})
        await returns_of(bench, bench.replica()).round()

        assert ("intake1",) == (await bench.tally()).state.heard

    async def test_and_all_beside_it_broken_is_said(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """Where a record can be kept nowhere, the log says where it lies, and others flow."""
        sound = await spoiled(bench, how)
        origin = f"{TOPIC}:{bench.broker.partition_of(REFERRAL)}:0"
        for key in (f"{HELD}{REFERRAL}", f"{HELD}{REFERRAL}:{origin}"):
            put(bench, key, bson.encode(how({**sound, "_id": key})))
        tell(bench, record(1, EPOCH), record(1, EPOCH, OTHER))

        with capture_logs() as said:
            await consumed(bench, consumer_of(bench), lambda: True)

        (line,) = [line for line in said if "could not be kept" in line["event"]]
        assert f"{line['topic']}:{line['partition']}:{line['offset']}" == origin
        assert ("intake1",) == (await bench.tally(OTHER)).state.heard

    async def test_is_told_of_by_whoever_meets_it(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """Operators see it by its id and with its reason, though no fact came for it; and no more once it is mended."""
        sound = await spoiled(bench, how)
        with suppress(Unusable):
            await bench.engine.read(REFERRAL)
        await returns_of(bench).round()
        [[origin, letter]] = stored_of(bench, f"{HELD}{REFERRAL}")["letters"]

        mend(bench, sound)
        await returns_of(bench, bench.replica()).round()

        assert (THE_DOCUMENT, REFERRAL.encode()) == (origin, letter["key"])
        assert not stored_of(bench, f"{HELD}{REFERRAL}").get("is_parked")
        assert 1 == bench.counts["unusable"]

    async def test_does_not_hold_up_the_clock(self, bench: Bench, how: Callable[[Stored], Stored]) -> None:
        """However many of them are due before the others."""
        command = Arm(at=EPOCH, by=SOMEBODY, channel="api", due_at=EPOCH)
        for key in (REFERRAL, OTHER):
            await bench.engine.do(CommandEnvelope(key=key, id="arm", command=command))
        await spoiled(bench, how)
        slots = MemorySubscription(bench.broker, "tally", [TOPIC], bench.weather)
        await slots.start()
        door = Timers(bench.engine, bench.clock, slots, Random(1), bench.faults.append)
        bench.disk.offset = timedelta(hours=1)

        assert [2, 0] == [await door.round(), await door.round()]
        assert (None, []) == ((await bench.tally(OTHER)).wake_at, bench.faults)


class TestGivingBack:
    """What is held is given back once, whatever else goes on, and whoever does it."""

    @staticmethod
    async def mended(bench: Bench) -> None:
        """Two facts are held for a document that is mended by now."""
        sound = await spoiled(bench, BREAKS["a field is missing"])
        tell(bench, record(1, EPOCH), record(2, EPOCH))
        await consumed(bench, consumer_of(bench), lambda: stored_of(bench, f"{HELD}{REFERRAL}"))
        mend(bench, sound)

    @staticmethod
    async def assert_given_back(bench: Bench, *heard: str) -> None:
        """In order, each once, and nothing waits any more."""
        assert heard == (await bench.tally()).state.heard
        assert not any(stored_of(bench, key).get("is_parked") for key in (REFERRAL, f"{HELD}{REFERRAL}"))

    async def test_by_two_replicas_at_once(self, bench: Bench) -> None:
        """Both read what is held before either has closed it."""
        await self.mended(bench)

        await asyncio.gather(*(returns_of(bench, bench.replica()).round() for _ in range(2)))

        await self.assert_given_back(bench, "intake1", "intake2")

    async def test_again_after_a_crash_before_it_was_closed(self, bench: Bench) -> None:
        """The facts are in their document, and still held: the next replica closes what it need not give back."""
        await self.mended(bench)
        dying, handle = bench.replica(), Engine.handle

        async def until_closing(items: Any, **how: Any) -> Any:
            if any(isinstance(item, CloseUnsequenced) for item in items):
                raise ConnectionAbortedError
            return await handle(dying, items, **how)

        dying.handle = until_closing  # type: ignore[method-assign]
        with pytest.raises(ConnectionAbortedError):
            await returns_of(bench, dying).round()
        assert ({"intake": 2}, True) == ((await bench.tally()).seen, stored_of(bench, f"{HELD}{REFERRAL}")["is_parked"])

        await returns_of(bench, bench.replica()).round()

        await self.assert_given_back(bench, "intake1", "intake2")

    async def test_before_what_came_since(self, bench: Bench) -> None:
        """A fact that comes between the mending and that waits behind the hole, and no longer."""
        await self.mended(bench)
        engine = bench.replica()
        await engine.do(Delivery(bench.reader, record(3, EPOCH)))
        waiting = stored_of(bench, REFERRAL)["waiting"]

        await returns_of(bench, engine).round()

        assert ["behind-hole"] == [entry["reason"] for _, entry in waiting]
        await self.assert_given_back(bench, "intake1", "intake2", "intake3")


class TestTooLargeDocument:
    async def test_fails_for_itself_alone(self, bench: Bench) -> None:
        """The database refuses it, and saves the others of the write."""
        engine = bench.engine
        await engine.do(add(REFERRAL, "first"))
        draft_of = engine.unit

        def grown(document: Any) -> Any:
            if document.id == REFERRAL:
                document.state = replace(document.state, answers=("x" * 17_000_000,))
            return draft_of(document)

        engine.unit = grown  # type: ignore[method-assign]
        mine, other = await engine.handle([add(REFERRAL), add(OTHER)])
        tell(bench, record(1, EPOCH), record(1, EPOCH, OTHER))
        await consumed(bench, consumer_of(bench), lambda: stored_of(bench, OTHER).get("seen"))

        assert ("too-large", 1) == (mine.reason, other.version)
        [[_, letter]] = stored_of(bench, f"{HELD}{REFERRAL}")["letters"]
        assert "document-too-large" == letter["reason"]

    async def test_takes_its_facts_once_there_is_room(self, bench: Bench) -> None:
        """What was held is given back by itself."""
        await self.test_fails_for_itself_alone(bench)

        await returns_of(bench, bench.replica()).round()

        assert ("intake1",) == (await bench.tally()).state.heard


class TestRoom:
    async def test_counts_headers_and_keys(self, bench: Bench) -> None:
        """Twenty records of 0.9 MB of headers are known by where they lie, in the document and in what is copied."""
        flood = [Received(REFERRAL.encode(), (("x", b"h" * 900_000),), b"", TOPIC, 0, n) for n in range(20)]
        await bench.hear(*flood, record(1, EPOCH))

        stored = stored_of(bench, REFERRAL)
        assert 20 * 1024 > len(bson.encode(stored))
        assert ["no-room"] * 20 == [letter["reason"] for _, letter in stored["letters"]]
        assert ("intake1",) == (await bench.tally()).state.heard

    async def test_is_left_when_a_document_holds_a_thousand(self, bench: Bench) -> None:
        """What comes then waits beside it, and beside that in documents of their own; what can be applied is."""
        flood = [Received(REFERRAL.encode(), (), b"", TOPIC, 0, n) for n in range(2 * ENTRIES_KEPT + 5)]
        outcomes = await bench.engine.handle([Delivery(bench.reader, each) for each in flood])
        tell(bench, *flood[ENTRIES_KEPT:])
        await consumed(bench, consumer_of(bench), lambda: True)
        await bench.hear(record(1, EPOCH, offset=5000))

        ids = sorted(d["_id"] for d in bench.disk.documents("tallies"))
        assert ENTRIES_KEPT == outcomes.count(True)
        assert [REFERRAL, f"{HELD}{REFERRAL}"] == ids[:2]
        assert ENTRIES_KEPT == len(stored_of(bench, ids[1])["letters"])
        assert ("intake1",) == (await bench.tally()).state.heard

    async def test_is_not_used_up_by_tombstones(self, bench: Bench) -> None:
        """The last thousand are enough to know a redelivery by."""
        flood = [Received(REFERRAL.encode(), (), b"", TOPIC, 0, n) for n in range(1_200)]
        for start in (0, 600):
            part = flood[start : start + 600]
            await bench.engine.handle([Delivery(bench.reader, each) for each in part])
            await bench.engine.handle([CloseUnsequenced(REFERRAL, each.origin) for each in part])

        assert 1_000 == len((await bench.tally()).unsequenced)


class TestFaultyDecider:
    async def test_harms_nobody_else(self, bench: Bench) -> None:
        """One that cannot even say when something is due: its document is as it was, and the other's is saved."""
        await bench.engine.do(add(REFERRAL, "first"))

        def next_due(state: Tally) -> None:
            if state.count > 1:
                raise LookupError(state.count)

        bench.engine.decider = replace(TALLY, next_due=next_due)
        mine, other = await bench.engine.handle([add(REFERRAL), add(OTHER)])
        wake = await bench.engine.do(Wake(OTHER, EPOCH))

        assert ("failed:LookupError", 1, None) == (mine.why, other.version, wake)
        assert 1 == stored_of(bench, REFERRAL)["version"]

    async def test_backs_off_for_ever(self, bench: Bench) -> None:
        """The thousandth strike is like the tenth."""

        def decide(_command: Any, _state: Any) -> list[Any]:
            raise Rejected("no", "It cannot be woken.")

        await bench.engine.do(
            CommandEnvelope(key=REFERRAL, id="arm", command=Arm(at=EPOCH, by=SOMEBODY, channel="api", due_at=EPOCH))
        )
        stored = stored_of(bench, REFERRAL)
        await bench.store.save([{**stored, "version": stored["version"] + 1, "strikes": 1_023}])
        engine = bench.replica()
        engine.decider = replace(TALLY, decide=decide)
        bench.disk.offset = timedelta(hours=1)

        fault = await engine.do(Wake(REFERRAL, bench.clock.now()))

        document = await engine.read(REFERRAL)
        assert (Rejected, 1_024) == (type(fault), document and document.timer_failures)


class TestNewerFact:
    async def test_is_given_back_to_an_upgraded_program(self, bench: Bench) -> None:
        """It waits where it belongs, and what comes after it; the newer program takes both, by itself, as it starts."""
        newer = record(1, EPOCH, type_="org.throughline.referral.found-complete.v9")
        await bench.hear(newer, record(2, EPOCH))
        await returns_of(bench).round()
        before = stored_of(bench, REFERRAL)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inbox, "is_unknown_version", lambda _type: False)
            await returns_of(bench, bench.replica()).round()

        assert ["newer-version", "behind-entry"] == [entry["reason"] for _, entry in before["waiting"]]
        assert {"intake": 2} == (await bench.tally()).seen
        assert not (await bench.tally()).is_parked
