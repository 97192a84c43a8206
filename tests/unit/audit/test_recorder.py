import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.audit import AccessRecord, Opened, RecordedGateway, Recorder, about, broken, observed, recorder, to
from shared.audit.recorder import PENDING
from shared.errors import Unavailable, Unknown
from shared.ports import Answer, Call, Traits
from tests.support.memory import Disk, MemoryRows, Weather

CHAIN, NAME = "intake-1", "intake.access"
NOW_S = 1_800_000_000.0
REFERRAL = "demo-" + "a" * 26
CALL = Call("e-1", REFERRAL, "report", 1, "send", 1)


@dataclass
class Gate(Weather):
    """Writes wait until it is open; `faults` happen once each."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    faults: list[str] = field(default_factory=list)
    writes: int = 0

    async def step(self, name: str) -> None:
        """Wait at the gate."""
        if name == "append rows":
            await self.open.wait()
            self.writes += 1

    def strikes(self, fault: str) -> bool:
        """Once."""
        if fault in self.faults:
            self.faults.remove(fault)
            return True
        return False


@dataclass
class Bench:
    """A recorder, what it writes to, and what time it is."""

    disk: Disk = field(default_factory=Disk)
    gate: Gate = field(default_factory=Gate)
    now_s: float = NOW_S

    def __post_init__(self) -> None:
        """Put it together."""
        self.recorder = Recorder("intake", MemoryRows(self.disk, NAME, self.gate), CHAIN, lambda: self.now_s)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What is on record."""
        return self.disk.rows_of(NAME)

    def record(self, subject: str = "nora") -> AccessRecord:
        """One of somebody."""
        return AccessRecord(
            kind="request", at=self.recorder.now(), service="intake", outcome="allowed", tenant="demo", subject=subject
        )

    async def written(self, *subjects: str) -> list[BaseException | None]:
        """What became of records that were written at one moment."""
        return await asyncio.gather(
            *(self.recorder.write(self.record(subject)) for subject in subjects), return_exceptions=True
        )


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A recorder whose store is there."""
    found = Bench()
    found.gate.open.set()
    yield found
    found.gate.open.set()


async def turns(n: int = 20) -> None:
    """Let everything run that can."""
    for _ in range(n):
        await asyncio.sleep(0)


class TestWrite:
    async def test_returns_when_it_is_on_record(self, bench: Bench) -> None:
        """And not before: the answer waits for it."""
        bench.gate.open.clear()
        writing = asyncio.ensure_future(bench.recorder.write(bench.record()))
        await turns()
        was_done = writing.done()
        bench.gate.open.set()
        await writing

        assert not was_done
        assert ["nora"] == [row["subject"] for row in bench.rows]

    async def test_writes_what_comes_meanwhile_together(self, bench: Bench) -> None:
        """Two writes for any number of requests of one moment: the first, and all that waited for it."""
        bench.gate.open.clear()
        first = asyncio.ensure_future(bench.recorder.write(bench.record("first")))
        await turns()
        others = asyncio.ensure_future(bench.written(*(f"p-{n}" for n in range(50))))
        await turns()
        bench.gate.open.set()
        await asyncio.gather(first, others)

        assert (2, 51) == (bench.gate.writes, len(bench.rows))
        assert broken(CHAIN, bench.rows, [bench.recorder.head]) is None

    async def test_chains_more_than_one_batch(self, bench: Bench) -> None:
        """However many there are."""
        await bench.written(*(f"p-{n}" for n in range(450)))

        assert 450 == bench.recorder.head.number
        assert broken(CHAIN, bench.rows, [bench.recorder.head]) is None

    async def test_refuses_while_the_store_is_away(self, bench: Bench) -> None:
        """Nobody is told what cannot be put on record."""
        bench.disk.is_database_down = True

        outcomes = await bench.written("a", "b")

        assert [Unavailable, Unavailable] == [type(outcome) for outcome in outcomes]
        assert [] == bench.rows

    async def test_goes_on_where_it_was_when_the_store_is_back(self, bench: Bench) -> None:
        """A chain has no hole for what failed: it is written first."""
        await bench.written("before")
        bench.disk.is_database_down = True
        await bench.written("a")
        await bench.written("b")
        bench.disk.is_database_down = False

        assert [None] == await bench.written("after")
        assert ["before", "a", "after"] == [row["subject"] for row in bench.rows]
        assert broken(CHAIN, bench.rows, [bench.recorder.head]) is None

    async def test_takes_a_write_that_landed_unseen_for_what_it_is(self, bench: Bench) -> None:
        """It is written again under the same numbers, and is there once."""
        bench.gate.faults.append("rows unseen")
        [outcome] = await bench.written("unseen")
        await bench.written("after")

        assert isinstance(outcome, Unavailable)
        assert ["unseen", "after"] == [row["subject"] for row in bench.rows]
        assert broken(CHAIN, bench.rows, [bench.recorder.head]) is None

    async def test_marks_what_has_yet_to_go_elsewhere(self, bench: Bench) -> None:
        """The mark is no part of what is hashed."""
        await bench.written("a")

        assert [True] == [row[PENDING] for row in bench.rows]


class TestNote:
    async def test_is_kept_until_the_store_is_back(self, bench: Bench) -> None:
        """What has happened is on record, whenever that is possible."""
        bench.disk.is_database_down = True
        for subject in ("a", "b"):
            bench.recorder.note(bench.record(subject))
            await turns()
        bench.disk.is_database_down = False
        await bench.recorder.close()

        assert ["a", "b"] == [row["subject"] for row in bench.rows]

    async def test_is_asked_for_at_the_end(self, bench: Bench) -> None:
        """A stop that leaves records unwritten says so."""
        bench.disk.is_database_down = True
        bench.recorder.note(bench.record())

        with pytest.raises(Unavailable):
            await bench.recorder.close()


class TestRefused:
    async def test_is_counted_by_minute_and_address(self, bench: Bench) -> None:
        """Anybody can be refused as often as he likes, and fills no store by it."""
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            bench.recorder.refused(address, 401)
        bench.now_s += 60
        bench.recorder.refused("192.0.2.1", 401)
        await bench.recorder.close()

        minute = datetime.fromtimestamp(NOW_S, UTC).isoformat(timespec="microseconds")
        found = [(row["at"], row["address"], row["count"], row["outcome"]) for row in bench.rows]
        assert (minute, "192.0.2.1", 2, "denied") == found[0]
        assert [("192.0.2.1", 2), ("192.0.2.2", 1), ("192.0.2.1", 1)] == [(who, n) for _, who, n, _ in found]

    async def test_is_bounded(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        """An attacker with many addresses ends in one line."""
        monkeypatch.setattr(recorder, "ADDRESSES_AT_MOST", 2)
        for n in range(5):
            bench.recorder.refused(f"192.0.2.{n}", 401)
        await bench.recorder.close()

        assert {"192.0.2.0": 1, "192.0.2.1": 1, "other": 3} == {row["address"]: row["count"] for row in bench.rows}


class TestOpened:
    async def test_is_part_of_the_request_in_progress(self, bench: Bench) -> None:
        """Each kind of seal once, with its purpose."""
        with observed() as access:
            bench.recorder.opened(Opened("contact", "show", REFERRAL), "demo")
            bench.recorder.opened(Opened("contact", "show", REFERRAL), "demo")

        assert [Opened("contact", "show", REFERRAL)] == access.opened
        assert [] == bench.rows

    async def test_is_on_record_by_itself_otherwise(self, bench: Bench) -> None:
        """A service that opens a seal for itself, to plan what follows from a fact, is the one who did."""
        bench.recorder.opened(Opened("visit", "plan_messages", REFERRAL), "demo")
        await bench.recorder.close()

        [row] = bench.rows
        assert ("opening", "intake", "demo", [REFERRAL]) == (
            row["kind"],
            row["subject"],
            row["tenant"],
            row["referrals"],
        )
        assert [["visit", "plan_messages", REFERRAL]] == row["opened"]


@dataclass
class Outside:
    """A gateway that opens a seal and sends it to an EHR, and then answers or fails."""

    recorder: Recorder
    answer: Answer | None = field(default_factory=lambda: Answer("alive"))
    recipient: str = "ehr:main"
    traits: Traits = field(default_factory=Traits)

    async def call(self, call: Call, state: Any, now: datetime) -> Answer:
        """Send it."""
        del state, now
        if self.recipient:
            self.recorder.opened(Opened("clinical", "deliver_report", call.aggregate_id), "demo")
            to(self.recipient)
        if self.answer is None:
            raise Unknown("silence")
        return self.answer


class TestCall:
    async def call(self, bench: Bench, outside: Outside) -> Answer:
        """Make it."""
        return await RecordedGateway(outside, bench.recorder).call(CALL, None, datetime.now(UTC))

    async def test_is_on_record_with_its_recipient_before_its_answer_is_folded(self, bench: Bench) -> None:
        """To whom, of which referral, what for, and which seals."""
        assert Answer("alive") == await self.call(bench, Outside(bench.recorder))

        [row] = bench.rows
        assert ("call", "ehr:main", [REFERRAL], "report", "send", "allowed") == (
            row["kind"],
            row["recipient"],
            row["referrals"],
            row["purpose"],
            row["method"],
            row["outcome"],
        )
        assert [["clinical", "deliver_report", REFERRAL]] == row["opened"]

    async def test_is_on_record_when_nobody_answers(self, bench: Bench) -> None:
        """It may have arrived."""
        with pytest.raises(Unknown):
            await self.call(bench, Outside(bench.recorder, answer=None))
        await bench.recorder.close()

        assert ["failed"] == [row["outcome"] for row in bench.rows]

    async def test_goes_on_when_the_store_is_away(self, bench: Bench) -> None:
        """It has left already: its answer must not be lost, and its record is kept."""
        bench.disk.is_database_down = True
        answer = await self.call(bench, Outside(bench.recorder))
        bench.disk.is_database_down = False
        await bench.recorder.close()

        assert Answer("alive") == answer
        assert 1 == len(bench.rows)

    async def test_that_reaches_nobody_leaves_no_record(self, bench: Bench) -> None:
        """A reservation in our own calendar is no disclosure."""
        await self.call(bench, Outside(bench.recorder, recipient=""))

        assert [] == bench.rows

    async def test_is_no_part_of_the_request_that_caused_it(self, bench: Bench) -> None:
        """The worker runs on in the context of whoever woke it."""
        with observed() as access:
            about(REFERRAL)
            await self.call(bench, Outside(bench.recorder))

        assert ("", []) == (access.recipient, access.opened)


class TestHead:
    async def test_is_of_what_is_written(self, bench: Bench) -> None:
        """Never ahead: a head of records that are not there would accuse somebody of cutting them off."""
        bench.disk.is_database_down = True
        await bench.written("a")

        assert replace(bench.recorder.head, number=0, hash="") == bench.recorder.head
