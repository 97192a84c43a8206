from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.ports import free_port
from deploy.local.stack import Stack
from shared.errors import Unavailable, Unknown
from shared.mongo import MongoClock, MongoStore, connect, is_up
from shared.ports import Stored
from shared.settings import ClockSettings
from tests.integration.drivers.reached import mongo_settings

Client = AsyncIOMotorClient[Stored]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


OWN: list[tuple[list[tuple[str, int]], Stored]] = [([("rank", 1)], {"name": "by_rank"})]


class FarClock(MongoClock):
    """A clock whose questions take three seconds of technical time to reach the server."""

    technical_s = 0.0

    def __init__(self, client: Client, settings: ClockSettings) -> None:
        super().__init__(client, settings)
        self._real, self._client = client, cast("Client", self)

    @property
    def admin(self) -> "FarClock":
        """Where it asks."""
        return self

    async def command(self, name: str) -> Any:
        """Ask the server, late."""
        self.technical_s += 3
        return await self._real.admin.command(name)

    def monotonic(self) -> float:
        """It stands still otherwise."""
        return self.technical_s


@pytest.fixture
async def store(mongo: Client, database: str) -> MongoStore:
    """An empty collection with its indexes."""
    found = MongoStore(mongo, database, "trial")
    await found.prepare()
    return found


def document(key: str, **fields: object) -> Stored:
    """A document of the shape that aggregates have."""
    return {"_id": key, "version": 1, "outbox": [], "calls": [], "told": 0, "seen": {}, **fields}


def nowhere() -> Client:
    """A client of a database that is not there."""
    return connect(mongo_settings(f"mongodb://127.0.0.1:{free_port()}", timeout_ms=200))


class TestStoreWithoutDatabase:
    async def test_did_nothing_when_it_was_to_read(self) -> None:
        """A read that failed may be tried again without a thought."""
        with pytest.raises(Unavailable):
            await MongoStore(nowhere(), "trial", "trial").load(["a"])
        assert not await is_up(nowhere())

    async def test_does_not_know_when_it_was_to_write(self) -> None:
        """A write that failed may have landed: reload and look."""
        store = MongoStore(nowhere(), "trial", "trial")

        with pytest.raises(Unknown):
            await store.save([document("a")])
        with pytest.raises(Unknown):
            await store.append([{"_id": "a:1"}])


class TestFind:
    async def test_sorts_and_stops(self, store: MongoStore) -> None:
        """A worklist is a page of many."""
        await store.save([document(key, rank=rank) for key, rank in (("a", 2), ("b", 1), ("c", 3), ("d", 0))])

        found = await store.find({"rank": {"$gt": 0}}, [("rank", -1)], 2)

        assert ["c", "a"] == [each["_id"] for each in found]


class TestIndexes:
    async def test_are_missing_until_they_are_prepared(self, mongo: Client, database: str) -> None:
        """Whoever starts looks for them by name, and builds none on what is large."""
        store = MongoStore(mongo, database, "bare")
        assert await store.is_empty()
        await store.save([document("a")])

        missing = await store.missing(OWN)
        await store.prepare(OWN)

        expected = ["slot_1_wake_at_1", "unpublished_at_1", "is_parked_1__id_1", "calls.call.at_1", "by_rank"]
        assert [*(f"bare.{name}" for name in expected), "bare_ledger.subject_1"] == missing
        assert [] == await store.missing(OWN)
        assert not await store.is_empty()

    async def test_are_missing_where_they_are_of_another_form(self, store: MongoStore) -> None:
        """A name alone finds nothing: a query needs the keys, and the documents, that it was made for."""
        await store.prepare(OWN)

        other_keys = [((("other", 1),), OWN[0][1])]
        other_documents = [(OWN[0][0], {"name": "by_rank", "partialFilterExpression": {"rank": {"$gt": 5}}})]
        assert ["trial.by_rank"] == await store.missing(other_keys)
        assert ["trial.by_rank"] == await store.missing(other_documents)

    async def test_have_no_time_limit_for_who_is_patient(self, stack: Stack, database: str) -> None:
        """On millions of documents an index takes minutes; the bound of a service's client would end it each time."""
        settings = mongo_settings(stack.mongo_uri, timeout_ms=100)
        clients = [connect(settings), connect(settings, is_patient=True)]
        slow = {"$expr": {"$function": {"body": "function() { sleep(300); return true }", "args": [], "lang": "js"}}}
        await MongoStore(clients[1], database, "slow").save([document("a")])

        with pytest.raises(Unavailable):
            await MongoStore(clients[0], database, "slow").find(slow, [("_id", 1)], 1)
        assert ["a"] == [
            each["_id"] for each in await MongoStore(clients[1], database, "slow").find(slow, [("_id", 1)], 1)
        ]


class TestDue:
    @pytest.mark.parametrize("slots", [None, [1, 2]])
    async def test_reads_what_is_due_and_not_what_sleeps(
        self, store: MongoStore, mongo: Client, database: str, slots: list[int] | None
    ) -> None:
        """Every replica asks every second: the price is that of the due ones, however many others there are."""
        sleeping = NOON + timedelta(days=1)
        await store.save([document(f"s{n}", slot=n % 64, wake_at=sleeping) for n in range(1000)])
        await store.save([document(f"d{n}", slot=1, wake_at=NOON) for n in range(3)])
        await mongo[database].command("profile", 2)

        assert {"d0", "d1", "d2"} == set(await store.due(NOON, slots, 100))

        await mongo[database].command("profile", 0)
        seen = await mongo[database]["system.profile"].find_one(
            {"op": "query", "command.filter.wake_at": {"$exists": True}}
        )
        assert seen is not None
        assert 3 == seen["docsExamined"]
        assert seen["keysExamined"] < 150


class TestProgress:
    async def test_adds_up(self, store: MongoStore) -> None:
        """By these figures the player of time knows that nothing happens any more."""
        call = {"call": {"number": 1}}
        await store.save(
            [
                document("a", told=2, seen={"intake": 3}, outbox=[{"n": 1}], calls=[call], wake_at=NOON),
                document("b", told=1, seen={"intake": 1, "scheduling": 4}, is_parked=True, calls=[{"call": None}]),
            ]
        )

        found = await store.progress()

        assert (2, 3, 1, 1) == tuple(found[name] for name in ("documents", "told", "parked", "calls"))
        assert (4, 4, 0) == tuple(found[f"seen_{name}"] for name in ("intake", "scheduling", "notifications"))
        assert NOON == found["next_wake_at"]

    @pytest.mark.parametrize("spoiled", ["outbox", "calls", "wake_at", "told", "seen", "is_parked"])
    async def test_counts_what_somebody_spoiled_as_nothing(self, store: MongoStore, spoiled: str) -> None:
        """One document whose field is missing or of another kind hides no other from operators."""
        sound: dict[str, Any] = {
            "told": 2,
            "outbox": [],
            "calls": [],
            "seen": {"intake": 4},
            "wake_at": NOON,
            "is_parked": True,
        }
        missing = {name: value for name, value in sound.items() if name != spoiled}
        others: tuple[Any, ...] = (None, "text", -1, [], {"a": None}, b"x")
        wrong = [{**sound, spoiled: other} for other in others if type(other) is not type(sound[spoiled])]
        documents = [sound, missing, *wrong]
        await store.save([{"_id": f"demo-{n}", "version": 1, **each} for n, each in enumerate(documents)])

        found = await store.progress()

        assert (len(documents), 0, 0, NOON) == tuple(
            found[name] for name in ("documents", "unpublished", "calls", "next_wake_at")
        )

    async def test_is_nothing_of_nothing(self, store: MongoStore) -> None:
        """A new service has nothing to report."""
        assert {} == await store.progress()


class TestOpenWork:
    async def test_is_what_the_totals_say(self, store: MongoStore) -> None:
        """Counted by indexes, it comes to the same, whatever somebody spoiled."""
        live = {"call": {"number": 1, "at": NOON}}
        await store.save(
            [
                document("a", slot=3, outbox=[{"n": 1}], unpublished_at=NOON, calls=[live, live], wake_at=LATER),
                document("b", slot=1, is_parked=True, calls=[{"call": None}], wake_at=NOON),
                document("c", slot=2),
                document("d", slot=1, wake_at="soon", calls="none", is_parked="yes", outbox=None, unpublished_at=3),
            ]
        )

        counted = await store.open_work()

        totals = await store.progress()
        assert {name: totals[name] for name in counted} == counted
        assert (4, 1, 1, 2, NOON) == tuple(counted.values())

    async def test_costs_what_is_open_and_not_what_there_is(
        self, store: MongoStore, mongo: Client, database: str
    ) -> None:
        """Operators and monitors ask it all day: as many keys of a thousand documents as of thirty."""
        costs = [await self._cost(store, mongo[database], closed) for closed in (30, 1000)]

        assert costs[0] == costs[1]
        assert {"COLLSCAN"}.isdisjoint(plan for plan, *_ in costs[1])

    async def _cost(self, store: MongoStore, database: Any, closed: int) -> list[tuple[str, int, int]]:
        live = {"call": {"number": 1, "at": NOON}}
        await store.documents.delete_many({})
        opened = {"is_parked": True, "unpublished_at": NOON, "wake_at": NOON, "calls": [live]}
        await store.save([document(f"o{n}", slot=n, **opened) for n in range(4)])
        await store.save([document(f"c{n}", slot=n % 64) for n in range(closed)])
        await database["system.profile"].drop()
        await database.command("profile", 2)
        await store.open_work()
        await database.command("profile", 0)
        asked = database["system.profile"].find({"planSummary": {"$exists": True}})
        found = [(each["planSummary"], each["keysExamined"], each["docsExamined"]) async for each in asked]
        return sorted(each for each in found if each[0] != "RECORD_STORE_FAST_COUNT")


class TestClock:
    async def test_moves_for_everybody_at_once(self, mongo: Client, stack: Stack, database: str) -> None:
        """The offset rests in the database: every process that may be moved is, as soon as it looks."""
        settings = ClockSettings(database=database, movable=True)
        mover, other = MongoClock(mongo, settings), MongoClock(connect(mongo_settings(stack.mongo_uri)), settings)
        target = await mover.read() + timedelta(days=30)

        await mover.move_to(target)

        assert target <= await other.read() < target + timedelta(minutes=1)
        assert target <= mover.now()

    async def test_notices_a_move_before_anything_is_decided(self, mongo: Client, stack: Stack, database: str) -> None:
        """Whoever noticed first may have told something, and nothing is taken in before it was told."""
        settings = ClockSettings(database=database, movable=True)
        mover, other = MongoClock(mongo, settings), MongoClock(connect(mongo_settings(stack.mongo_uri)), settings)
        target = await other.read() + timedelta(days=30)
        await mover.move_to(target)

        await other.refresh()

        assert target <= other.now()

    async def test_never_moves_back(self, mongo: Client, database: str) -> None:
        """What has been due stays due."""
        clock = MongoClock(mongo, ClockSettings(database=database, movable=True))
        before = await clock.read()

        await clock.move_to(before - timedelta(days=1))

        assert before <= await clock.read()

    async def test_cannot_be_moved_where_patients_are_real(self, mongo: Client, database: str) -> None:
        """A process that is not movable does not even look at the offset."""
        await MongoClock(mongo, ClockSettings(database=database, movable=True)).move_to(
            datetime.now(UTC) + timedelta(days=30)
        )

        now = await MongoClock(mongo, ClockSettings(database=database)).read()

        assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)

    async def test_is_never_ahead_however_long_the_question_took(self, mongo: Client, database: str) -> None:
        """After an outage it may take seconds to reach a server: a deadline that came early would be missed."""
        clock = FarClock(mongo, ClockSettings(database=database))
        await clock.read()
        told = clock.now()

        assert told <= (await mongo.admin.command("hello"))["localTime"].replace(tzinfo=UTC)

    async def test_is_unknown_before_it_was_read(self, mongo: Client, database: str) -> None:
        """No time is better than a guess."""
        with pytest.raises(Unavailable):
            MongoClock(mongo, ClockSettings(database=database)).now()
