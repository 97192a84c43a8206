"""Facts that reach an aggregate by another key than their subject: numbers with gaps, and nothing lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from shared.contracts.envelope import from_headers, topic_of
from shared.contracts.intake import ReferralFoundComplete
from shared.engine import CommandEnvelope, Document, Engine, frame
from shared.engine.document import ENTRIES_KEPT, HEADERS_BYTES
from shared.errors import Newer, Unreadable
from shared.identity import Role
from shared.messaging.consumer import Consumer
from shared.messaging.held import Returns
from shared.messaging.inbox import Reader
from shared.messaging.keyed import covers, deliver, including
from shared.messaging.outbox import Publisher
from shared.messaging.parked import CloseUnsequenced, parked_documents, replay_unsequenced
from shared.ports import Received, Record, Stored
from shared.service import Kind, Service, operations
from shared.service.figures import figures_of
from shared.web import create_app
from tests.support.callers import Issuer, client_of
from tests.support.charts import CHARTS, OTHER_PATIENT, PATIENT, Chart, close, on_complete, patient_of, told
from tests.support.memory import EPOCH, MemoryBus, MemorySubscription
from tests.support.tally import OTHER, REFERRAL, record
from tests.unit.engine.conftest import Bench
from tests.unit.engine.test_kinds import Running, kind

INTAKE = "referral.public.intake.v1"
NEWER = f"{ReferralFoundComplete.TYPE}.v2"


class Charts(Bench):
    """An engine of charts."""

    def __post_init__(self) -> None:
        """Wire it."""
        super().__post_init__()
        self.reader = Reader("charts", {ReferralFoundComplete: on_complete}, self.count, patient_of)

    def replica(self) -> Engine:
        """Another replica on the same disk."""
        engine = super().replica()
        engine.decider = CHARTS
        return engine

    async def _taken(self, fact: Received) -> Any:
        item = deliver(self.reader, fact)
        return None if item is None else (await self.engine.handle([item]))[0]

    async def close(self, *, is_closed: bool) -> None:
        """Close the patient's chart, so that it refuses facts, or open it again."""
        asked = CommandEnvelope(key=PATIENT, id=f"c{next(self.tokens)}", command=close(is_closed))
        await self.engine.handle([asked])

    async def chart(self, key: str = PATIENT) -> Document:
        """A patient's chart as it is saved."""
        return await self.tally(key)

    async def noted(self, key: str = PATIENT) -> tuple[str, ...]:
        """What is in it."""
        state: Chart = (await self.chart(key)).state
        return state.noted

    async def parked(self) -> list[tuple[str, str | None]]:
        """Where something waits, and why."""
        return [(each.id, entry.reason) async for each in parked_documents(self.engine) for entry in each.kept]

    async def replay(self, key: str, origin: str) -> None:
        """An operator tries it again."""
        await replay_unsequenced(self.engine, self.reader, key, origin)

    def lands(self, *facts: Received) -> None:
        """Facts land on the topic."""
        for fact in facts:
            partition = self.broker.partition_of((fact.key or b"").decode())
            self.broker.append(INTAKE, partition, [Record(fact.key, fact.headers, fact.value)])

    async def consumed(self) -> int:
        """Run a consumer until it has committed something: the offset of the referral's partition."""
        subscription = MemorySubscription(self.broker, "charts", [INTAKE], self.weather, wait_s=0.1)
        publisher = Publisher(MemoryBus(self.broker, self.weather), self.clock)
        running = asyncio.ensure_future(
            Consumer(self.engine, self.reader, subscription, publisher, self.clock).run()
        )  # fmt: skip
        where = "charts", INTAKE, self.broker.partition_of(REFERRAL)
        async with asyncio.timeout(20):
            while where not in self.disk.committed:
                await self.clock.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return self.disk.committed[where]

    async def given_back(self, reader: Reader) -> None:
        """The first round of what gives back, of the program with this reader."""
        await Returns(self.engine, reader, self.clock, lambda: 0.5, self.faults.append).round()

    def stored(self) -> dict[str, Stored]:
        """The documents in the store."""
        return {stored["_id"]: stored for stored in self.disk.documents("tallies")}


class NextReader(Reader):
    """What the next program makes of facts: it knows the new version, too."""

    def __init__(self, charts: Charts) -> None:
        super().__init__("charts", {ReferralFoundComplete: on_complete}, charts.count, patient_of)
        [known] = self._reactions.values()
        self._reactions[NEWER] = known


@pytest.fixture
def charts() -> Charts:
    """A fresh bench."""
    return Charts()


def beside(fact: Received, subject: str = REFERRAL) -> str:
    """The document of a fact of which nobody can say whose it is."""
    return f"{subject}:{fact.origin}"


class TestTakesIn:
    async def test_facts_of_two_subjects_into_one_aggregate(self, charts: Charts) -> None:
        """Each subject counts by itself, and the referrals themselves have no document here."""
        are_new = await charts.hear(told(1), told(1, subject=OTHER), told(2))

        assert ([True] * 3, ("a1", "b1", "a2")) == (are_new, await charts.noted())
        assert ({PATIENT}, {}) == (set(charts.stored()), (await charts.chart()).seen)

    async def test_no_fact_twice(self, charts: Charts) -> None:
        """Neither the same record nor a second copy of it elsewhere on the topic."""
        await charts.hear(told(1), told(2))
        before = charts.stored()

        assert [False] * 3 == await charts.hear(told(1), told(2), told(1, offset=9))
        assert before == charts.stored()

    async def test_each_as_it_comes(self, charts: Charts) -> None:
        """Nothing waits for a number that is another's, and one that comes late is taken in."""
        await charts.hear(told(5), told(2), told(9), told(4))

        chart = await charts.chart()
        assert (("a5", "a2", "a9", "a4"), []) == (chart.state.noted, await charts.parked())
        assert {("intake", REFERRAL): [(2, 2), (4, 5), (9, 9)]} == chart.applied

    async def test_nothing_that_is_for_nobody(self, charts: Charts) -> None:
        """Neither a fact without a key nor one without a reaction leaves a trace but for the figures."""
        foreign = told(2, type_="org.example.something-else.v1")
        assert [False] * 3 == [
            bool(it)
            for it in await charts.hear(told(1, None), foreign, told(3, type_="org.throughline.referral.closed.v1"))
        ]
        assert ({}, 3) == (charts.stored(), charts.counts["skipped"])

    async def test_where_a_subject_changes_its_key(self, charts: Charts) -> None:
        """Each fact goes to the aggregate that it names itself, also when it comes again."""
        await charts.hear(told(1), told(2, OTHER_PATIENT), told(1), told(3, OTHER_PATIENT), told(2, OTHER_PATIENT))

        assert (("a1",), ("a2", "a3")) == (await charts.noted(), await charts.noted(OTHER_PATIENT))

    async def test_once_after_a_crash(self, charts: Charts) -> None:
        """What was saved and not committed is read again by another replica, which goes on."""
        await charts.hear(told(1), told(1, subject=OTHER))
        charts.engine = charts.replica()

        assert [False, False, True] == await charts.hear(told(1), told(1, subject=OTHER), told(2))
        assert ("a1", "b1", "a2") == await charts.noted()

    async def test_from_two_replicas_at_a_time(self, charts: Charts) -> None:
        """Partitions go by subject, so another replica may have saved the chart since."""
        mine, other = charts.engine, charts.replica()
        await charts.hear(told(1))
        charts.engine = other
        await charts.hear(told(1, subject=OTHER), told(3))
        charts.engine = mine

        assert [True, False] == await charts.hear(told(2), told(3))
        assert ("a1", "b1", "a3", "a2") == await charts.noted()

    async def test_once_where_its_save_was_deferred_and_lost(self, charts: Charts) -> None:
        """What was put off is read again, since its offset was not committed."""
        charts.reader = Reader("charts", {ReferralFoundComplete: lambda *_: None}, charts.count, patient_of)
        item = deliver(charts.reader, told(1))
        assert item
        await charts.engine.handle([item], may_defer=True)
        charts.engine = charts.replica()

        assert ({}, [True]) == (charts.stored(), await charts.hear(told(1)))

    async def test_what_its_consumer_reads(self, charts: Charts) -> None:
        """Records for nobody are passed over, and their offsets are committed with the others."""
        charts.lands(told(1), told(2, None), told(3))

        assert 3 == await charts.consumed()
        assert ("a1", "a3") == await charts.noted()


class TestRanges:
    @pytest.mark.parametrize("seed", range(5))
    def test_are_as_few_as_can_be(self, seed: int) -> None:
        """In whatever order the numbers come."""
        random, known, ranges = Random(seed), set[int](), list[tuple[int, int]]()
        for number in random.sample(range(1, 40), 30):
            assert [n in known for n in range(41)] == [covers(ranges, n) for n in range(41)]
            ranges = including(ranges, number)
            known.add(number)

        assert sorted(known) == [n for first, last in ranges for n in range(first, last + 1)]
        assert all(last + 1 < first for (_, last), (first, _) in pairwise(ranges))


class TestKeepsOfNobody:
    @pytest.mark.parametrize(
        ("fact", "reason"),
        [
            (told(1, value=b"{not json"), "invalid-json"),
            (told(1, value=b'{"referral_id": 7}'), "unreadable-data"),
            (told(1, value=None), "null-value"),
            (told(1, "no key at all"), "unusable-key"),
            (told(1, "else-patient-a"), "key-of-another-tenant"),
            (told(1, type_=NEWER), "newer-version"),
            (replace(told(1), headers=()), "/ce_source: A required attribute is missing."),
        ],
    )
    async def test_a_record_without_a_key(self, charts: Charts, fact: Received, reason: str) -> None:
        """It waits in a document of its own that its tenant's operators see, once; what comes after it flows."""
        await charts.hear(fact, fact, told(2))

        assert ([(beside(fact), reason)], ("a2",)) == (await charts.parked(), await charts.noted())
        parked = await charts.chart(beside(fact))
        assert ("demo", fact.value) == (parked.owner, parked.kept[0].value)
        assert [(f"{INTAKE}.dlq", 0)] == [(entry.topic, entry.sequence) for entry in parked.outbox]

    async def test_a_record_whose_own_key_names_nobody(self, charts: Charts) -> None:
        """Nobody knows whose it is, so it is not hidden from anybody's operators."""
        fact = replace(told(1), key=b"\xff")
        await charts.hear(fact)

        assert ([fact.origin], None) == (
            [key for key, _ in await charts.parked()],
            (await charts.chart(fact.origin)).owner,
        )

    async def test_a_fact_for_which_the_key_cannot_be_worked_out(self, charts: Charts) -> None:
        """A fault of ours: once it is mended, an operator replays the fact, once."""
        fact, known = told(1), charts.reader.key_of
        charts.reader.key_of = lambda _fact, _envelope: dict[str, str]()["missing"]
        await charts.hear(fact)
        assert [(beside(fact), "failed:KeyError")] == await charts.parked()

        charts.reader.key_of = known
        await charts.replay(beside(fact), fact.origin)
        await charts.replay(beside(fact), fact.origin)
        assert ([], ("a1",), [False]) == (await charts.parked(), await charts.noted(), await charts.hear(fact))

    async def test_until_it_can_be_read(self, charts: Charts) -> None:
        """A replay that comes too early changes nothing."""
        fact = told(1, value=b"{")
        await charts.hear(fact)

        with pytest.raises(Unreadable, match="invalid-json"):
            await charts.replay(beside(fact), fact.origin)
        assert [(beside(fact), "invalid-json")] == await charts.parked()

    async def test_until_an_operator_gives_it_up(self, charts: Charts) -> None:
        """A second delivery does not bring it back, and the mended copy reaches its chart."""
        fact = told(1, value=b"{")
        await charts.hear(fact)
        await charts.engine.do(CloseUnsequenced(beside(fact), fact.origin))
        await charts.replay(beside(fact), fact.origin)

        assert [False, True] == await charts.hear(fact, told(1, offset=7))
        assert ([], ("a1",)) == (await charts.parked(), await charts.noted())

    async def test_a_newer_fact_until_the_upgrade(self, charts: Charts) -> None:
        """The newer program takes it in by itself."""
        fact = told(1, type_=NEWER)
        await charts.hear(fact)
        await charts.given_back(charts.reader)
        assert [(beside(fact), "newer-version")] == await charts.parked()

        await charts.given_back(NextReader(charts))
        assert ([], ("a1",), []) == (await charts.parked(), await charts.noted(), charts.faults)


class TestKeepsWhatIsRefused:
    async def test_and_lets_the_others_flow(self, charts: Charts) -> None:
        """Also those of the same subject. It is in the chart, with its reason and bytes, once."""
        await charts.close(is_closed=True)
        await charts.hear(told(1))
        await charts.close(is_closed=False)

        assert [True, True, False] == await charts.hear(told(2), told(1, subject=OTHER), told(1))
        chart = await charts.chart()
        assert (("a2", "b1"), True) == (chart.state.noted, chart.is_parked)
        assert [("refused:closed", told(1).value)] == [(entry.reason, entry.value) for entry in chart.kept]

    async def test_until_it_is_replayed(self, charts: Charts) -> None:
        """Once: another replay and another delivery find nothing to do."""
        await charts.close(is_closed=True)
        await charts.hear(told(1))
        await charts.replay(PATIENT, told(1).origin)
        assert [(PATIENT, "refused:closed")] == await charts.parked()

        await charts.close(is_closed=False)
        await charts.replay(PATIENT, told(1).origin)
        await charts.replay(PATIENT, told(1).origin)
        assert [False, False] == await charts.hear(told(1), told(1, offset=9))
        assert ([], ("a1",), False) == (await charts.parked(), await charts.noted(), (await charts.chart()).is_parked)

    async def test_until_it_is_given_up(self, charts: Charts) -> None:
        """For good: neither a replay nor another copy brings it back."""
        await charts.close(is_closed=True)
        await charts.hear(told(1))
        await charts.engine.do(CloseUnsequenced(PATIENT, told(1).origin))
        await charts.close(is_closed=False)
        await charts.replay(PATIENT, told(1).origin)

        assert [False, False] == await charts.hear(told(1), told(1, offset=9))
        assert ([], ()) == (await charts.parked(), await charts.noted())

    @pytest.mark.parametrize("spoiled", [(), (("x", b"x" * HEADERS_BYTES),)])
    async def test_until_the_publisher_mends_it(self, charts: Charts, spoiled: Any) -> None:
        """Another copy with other bytes takes its place, also where only its position was kept."""
        fact = told(1)
        await charts.close(is_closed=True)
        await charts.hear(replace(fact, headers=(*fact.headers, *spoiled)))
        await charts.close(is_closed=False)
        mended = told(1, offset=9)
        mended = replace(mended, value=(mended.value or b"") + b" ")

        assert [True, False] == await charts.hear(mended, fact)
        assert ([], ("a1",)) == (await charts.parked(), await charts.noted())

    async def test_no_more_than_a_document_takes(self, charts: Charts) -> None:
        """The next is not lost: its number stays open, so that it is kept beside the chart. Others are applied."""
        await charts.close(is_closed=True)
        flood = [item for n in range(1, ENTRIES_KEPT + 2) if (item := deliver(charts.reader, told(n)))]
        outcomes = await charts.engine.handle(flood)
        assert ([True] * ENTRIES_KEPT, "full") == (outcomes[:-1], outcomes[-1].reason)

        await charts.close(is_closed=False)
        assert [True, True] == await charts.hear(told(1, subject=OTHER), told(ENTRIES_KEPT + 1))
        assert ("b1", f"a{ENTRIES_KEPT + 1}") == await charts.noted()

    async def test_what_an_unusable_chart_cannot_take(self, charts: Charts) -> None:
        """It waits beside it, and is given back once the chart is mended."""
        await charts.hear(told(1))
        charts.disk.spoil("tallies", PATIENT, lambda stored: {**stored, "applied": [["intake", REFERRAL, [["1", 1]]]]})
        charts.engine = charts.replica()
        charts.lands(told(2))
        assert 1 == await charts.consumed()
        assert [(f"held:{PATIENT}", "document-undecodable:/applied")] == await charts.parked()

        charts.disk.mend("tallies", PATIENT)
        await charts.given_back(charts.reader)
        assert ([], ("a1", "a2"), []) == (await charts.parked(), await charts.noted(), charts.faults)

    async def test_what_has_become_nobodys_while_it_was_held(self, charts: Charts) -> None:
        """A program with another rule may find that it is for none of this kind: then nothing waits any more."""
        await charts.hear(told(1))
        charts.disk.spoil("tallies", PATIENT, lambda stored: {**stored, "applied": 1})
        charts.engine = charts.replica()
        charts.lands(told(2))
        await charts.consumed()
        charts.disk.mend("tallies", PATIENT)

        await charts.given_back(Reader("charts", {ReferralFoundComplete: on_complete}, charts.count, lambda *_: None))
        assert ([], ("a1",), []) == (await charts.parked(), await charts.noted(), charts.faults)


class TestFrame:
    async def test_is_raised_where_numbers_are_kept_by_key(self, charts: Charts, bench: Bench) -> None:
        """Others are written as before, byte for byte, so that an older program of the fleet reads them."""
        await charts.hear(told(1))
        await bench.hear(record(1, EPOCH))
        [tally] = bench.disk.documents("tallies")

        assert [["intake", REFERRAL, [[1, 1]]]] == charts.stored()[PATIENT]["applied"]
        assert (2, 1, False) == (charts.stored()[PATIENT]["frame"], tally["frame"], "applied" in tally)

    async def test_is_not_read_by_an_older_program(self, charts: Charts) -> None:
        """It would drop the numbers with its next save, and take everything in again."""
        await charts.hear(told(1))
        older = charts.replica()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(frame, "FRAME", 1)
            with pytest.raises(Newer):
                await older.read(PATIENT)

    async def test_of_before_is_gone_on_with(self, charts: Charts) -> None:
        """A chart that only commands have made holds no numbers yet."""
        await charts.close(is_closed=False)
        assert 1 == charts.stored()[PATIENT]["frame"]

        charts.engine = charts.replica()
        await charts.hear(told(1))
        assert (2, ("a1",)) == (charts.stored()[PATIENT]["frame"], await charts.noted())


class TestTells:
    async def test_its_own_facts_under_its_own_key(self, charts: Charts) -> None:
        """Numbered as the facts of every aggregate are."""
        await charts.hear(told(1), told(1, subject=OTHER))

        outbox = (await charts.chart()).outbox
        assert [(1, "org.throughline.chart.noted.v1"), (2, "org.throughline.chart.noted.v1")] == [
            (entry.sequence, entry.type) for entry in outbox
        ]

    async def test_nothing_that_names_a_referral(self, charts: Charts) -> None:
        """That it is parked, and which tasks it has, are no facts of a referral's story."""
        await charts.close(is_closed=True)
        await charts.hear(told(1))
        await charts.engine.do(CloseUnsequenced(PATIENT, told(1).origin))

        chart = await charts.chart()
        assert ([f"{INTAKE}.dlq"], 0) == ([entry.topic for entry in chart.outbox], chart.sequence)
        assert chart.tasks_unpublished_since is None

    async def test_its_decider_of_what_waits_unread(self, charts: Charts) -> None:
        """By the service that published it, as for every parked aggregate."""
        await charts.close(is_closed=True)
        await charts.hear(told(1))

        assert ("intake",) == (await charts.chart()).unread_sources


class TestService:
    @pytest.fixture
    async def running(self) -> AsyncIterator[Running]:
        """A service that is stopped after the test."""
        it = Running()
        yield it
        if it.service:
            await it.service.stop()
        await it.http.aclose()

    async def start(self, running: Running) -> Service:
        """Its first kind is of referrals, its second of charts, which publish as notifications do."""
        return await running.start(
            kind(consumes=("intake",)),
            Kind(
                CHARTS,
                "charts",
                consumes=("intake",),
                reactions=lambda _parts: {ReferralFoundComplete: on_complete},
                publishes="notifications",
                key_of=patient_of,
            ),
        )

    async def test_has_kinds_of_two_keys(self, running: Running) -> None:
        """The fact reaches the referral and the chart, and the chart tells its own on a topic of its own."""
        service = await self.start(running)
        await running.send(told(1))
        await running.until(lambda: service.aggregates["tally"].engine.read(REFERRAL))
        chart = await running.until(lambda: service.aggregates["chart"].engine.read(PATIENT))

        assert (("a1",), False) == (chart.state.noted, chart.is_parked)
        topic = topic_of("notifications"), running.world.bus.partition_of(PATIENT)
        [published] = await running.until(lambda: on(running, topic))
        envelope = from_headers(published.headers, published.key, topic[0])
        assert (PATIENT, 1, "org.throughline.chart.noted.v1") == (envelope.subject, envelope.sequence, envelope.type)

    async def test_shows_its_operators_what_is_parked_by_key(self, running: Running) -> None:
        """In the list and in the figure; they replay what is refused and discard what nobody can read, by origin."""
        service = await self.start(running)
        charts = service.aggregates["chart"].engine
        await charts.do(CommandEnvelope(key=PATIENT, id="close", command=close(is_closed=True)))
        await running.send(told(1))
        spoiled = await sent(running, told(2, OTHER_PATIENT, value=b"{"), offset=1)
        await running.until(lambda: both_parked(service))
        await charts.do(CommandEnvelope(key=PATIENT, id="open", command=close(is_closed=False)))
        issuer = Issuer()
        app = create_app("Keyed", [operations.router], issuer.guard(operations.POLICY))
        app.state.service = service

        async with client_of(app, **issuer.headers(Role.OPERATOR)) as client:
            listed = (await client.get("/v1/parked")).json()["parked"]
            figures = await figures_of([service.aggregates["chart"]], EPOCH)
            found = {each["key"]: each for each in listed if each["aggregate"] == "chart"}
            named = {key: {n: each[n] for n in ("aggregate", "key", "origin")} for key, each in found.items()}
            replayed = await client.post("/v1/parked/replay", json=named[PATIENT])
            unread = await client.post("/v1/parked/replay", json=named[beside(spoiled)])
            gone = await client.post("/v1/parked/discard", json=named[beside(spoiled)])

        assert {PATIENT: "refused:closed", beside(spoiled): "invalid-json"} == {
            k: e["reason"] for k, e in found.items()
        }
        assert (2, 200, [], 409, 200, []) == (
            figures.parked,
            replayed.status_code,
            replayed.json()["left"],
            unread.status_code,
            gone.status_code,
            gone.json()["left"],
        )
        chart = await charts.read(PATIENT)
        assert ("a1",) == (chart and chart.state.noted)

    async def test_hides_them_from_operators_of_others(self, running: Running) -> None:
        """Also a record of which nobody can say whose chart it is for: its subject says whose it is."""
        service = await self.start(running)
        spoiled = await sent(running, told(1, value=b"{"), offset=0)
        await running.until(lambda: service.aggregates["chart"].engine.read(beside(spoiled)))
        issuer = Issuer()
        app = create_app("Keyed", [operations.router], issuer.guard(operations.POLICY))
        app.state.service = service
        named = {"aggregate": "chart", "key": beside(spoiled), "origin": spoiled.origin}

        async with client_of(app, **issuer.headers(Role.OPERATOR, tenant="else")) as client:
            listed = (await client.get("/v1/parked")).json()["parked"]
            answer = await client.post("/v1/parked/discard", json=named)

        assert ([], 404) == ([each for each in listed if each["aggregate"] == "chart"], answer.status_code)


async def sent(running: Running, fact: Received, offset: int) -> Received:
    """Send a fact, and say where it lies."""
    await running.send(fact)
    return replace(fact, partition=running.world.bus.partition_of(REFERRAL), offset=offset)


async def on(running: Running, topic: tuple[str, int]) -> list[Received]:
    """What is on one partition of a topic."""
    return list(running.world.disk.topics[topic])


async def both_parked(service: Service) -> bool:
    """Whether two charts have something that waits."""
    return 2 == len(await service.aggregates["chart"].store.parked(None, 10))
