"""What one save holds, and what a retry, a rival and an unknown outcome do to it."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.language import EffectNeedsPerson, Task
from shared.engine import CommandEnvelope, Document, GroupCommit
from shared.engine.timers import Wake
from shared.engine.unit_of_work import TASK_LASTS
from shared.errors import Busy, Mismatched, Rejected, Stale, Unavailable
from shared.ports import Stored
from tests.support.memory import MemoryClock, MemoryStore, Weather
from tests.support.tally import OTHER, REFERRAL, SOMEBODY, TALLY, Add, Arm, Stumble, Tally


class Counting(Weather):
    """Weather that counts what went by."""

    def __init__(self) -> None:
        self.steps = Counter[str]()

    async def step(self, name: str) -> None:
        """Count."""
        self.steps[name] += 1


class Once(Weather):
    """Weather in which one fault strikes, once."""

    def __init__(self, fault: str) -> None:
        self._fault, self.has_struck = fault, False

    def strikes(self, name: str) -> bool:
        """The first time."""
        hit = name == self._fault and not self.has_struck
        self.has_struck = self.has_struck or hit
        return hit


class LateClock(MemoryClock):
    """A clock that does not notice by itself that time was moved."""

    is_noticed = False

    def now(self) -> datetime:
        """A month behind until it is refreshed."""
        return super().now() - (timedelta() if self.is_noticed else timedelta(days=30))

    async def refresh(self) -> None:
        """Notice."""
        self.is_noticed = True


class TestHandle:
    async def test_notices_first_that_time_was_moved(self, bench: Any) -> None:
        """What another told after the move is not taken in at a time before it."""
        bench.engine.clock = LateClock(bench.disk, bench.weather)
        now = bench.clock.now()

        await bench.add()

        [entry] = (await bench.tally()).outbox
        assert now <= entry.time < now + timedelta(days=1)

    async def test_saves_state_and_what_is_told_in_one_document(self, bench: Any) -> None:
        """State, version and outbox are one write."""
        await bench.add(times=2)

        document = await bench.tally()
        assert (2, 1, [1, 2]) == (document.state.count, document.version, [e.sequence for e in document.outbox])

    async def test_reads_its_own_last_save_from_memory(self, bench: Any) -> None:
        """A replica mostly goes on with what it saved itself: then nothing is loaded."""
        weather = Counting()
        bench.engine.store = MemoryStore(bench.disk, "tallies", weather)

        for n in range(3):
            await bench.add(f"c{n}")

        assert (1, 3) == (weather.steps["load"], weather.steps["save"])

    async def test_believes_its_memory_only_where_the_save_confirms_it(self, bench: Any) -> None:
        """What another replica has saved since is seen before anything is refused or left as it is."""
        await bench.add("c1")
        other, mine = bench.replica(), bench.engine
        bench.engine = other
        await bench.add("c2")
        bench.engine = mine

        fresh, repeated = await bench.add("c3", expected_version=2), await bench.add("c2")

        assert (None, True) == (fresh.refusal, repeated.is_repeat)

    async def test_gives_a_retry_its_first_answer(self, bench: Any) -> None:
        """The same command id has effect once."""
        first = await bench.add("c1")
        again = await bench.add("c1")

        assert (1, first.version, True) == ((await bench.tally()).state.count, again.version, again.is_repeat)

    async def test_refuses_the_same_id_for_another_request(self, bench: Any) -> None:
        """An Idempotency-Key names one body."""
        await bench.add("c1", fingerprint="a")
        outcome = await bench.add("c1", fingerprint="b")

        assert isinstance(outcome.refusal, Mismatched)

    async def test_refuses_a_stale_version(self, bench: Any) -> None:
        """If-Match with an older version changes nothing."""
        await bench.add("c1")
        outcome = await bench.add("c2", expected_version=7)

        assert (True, 1) == (isinstance(outcome.refusal, Stale), (await bench.tally()).state.count)

    async def test_lets_one_of_two_with_the_same_version_pass(self, bench: Any) -> None:
        """Two commands that were decided on the same version are not both fresh, even in one batch."""
        await bench.add("c1")
        said: dict[str, Any] = {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}
        asks = [
            CommandEnvelope(key=REFERRAL, id=f"c{n}", command=Add(**said, referral_id=REFERRAL), expected_version=1)
            for n in (2, 3)
        ]
        first, second = await bench.engine.handle(asks)

        assert (None, True) == (first.refusal, isinstance(second.refusal, Stale))

    async def test_refusal_and_fault_leave_nothing_and_harm_nobody(self, bench: Any) -> None:
        """Another's refused or faulty command in the same batch, even on the same aggregate, is not ours."""
        said: dict[str, Any] = {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}
        asks = [
            CommandEnvelope(key=REFERRAL, id="bad", command=Add(**said, referral_id=REFERRAL, times=-1)),
            CommandEnvelope(key=REFERRAL, id="good", command=Add(**said, referral_id=REFERRAL)),
            CommandEnvelope(key=OTHER, id="broken", command=Stumble(**said)),
        ]
        bad, good, broken = await bench.engine.handle(asks)

        assert isinstance(bad.refusal, Rejected)
        assert isinstance(broken.fault, KeyError)
        assert (None, 1) == (good.refusal, (await bench.tally()).state.count)
        assert await bench.engine.read(OTHER) is None

    async def test_decides_again_on_what_a_rival_saved(self, bench: Any) -> None:
        """Two replicas that save at once both have their effect: the loser decides on the newer document."""
        rival = bench.replica()
        said: dict[str, Any] = {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}

        def ask(id_: str) -> CommandEnvelope:
            return CommandEnvelope(key=REFERRAL, id=id_, command=Add(**said, referral_id=REFERRAL))

        await asyncio.gather(*[e.handle([ask(f"c{n}")]) for n, e in enumerate([bench.engine, rival] * 3)])

        document = await bench.tally()
        assert (6, list(range(1, 7))) == (document.state.count, [e.sequence for e in document.outbox])

    async def test_publishes_what_was_saved_unseen_in_the_order_of_its_coming(self, bench: Any) -> None:
        """Not in that of a set, which is another in each process: a seed of the simulation would not replay."""
        keys = [f"demo-{letter * 26}" for letter in "abcdefgh"]
        said: dict[str, Any] = {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}
        bench.store.weather = Once("save unseen")
        await bench.engine.handle(
            [CommandEnvelope(key=key, id="c1", command=Add(**said, referral_id=key)) for key in keys]
        )

        assert keys == [document.id for document in bench.saved]

    async def test_changes_nothing_when_what_is_owed_cannot_be_told(self, bench: Any) -> None:
        """A fault in the last part of a decision leaves nothing of its first: else it would be folded twice."""
        sound = bench.engine.decider

        def wanted_effects(_state: Any) -> list[Any]:
            raise TypeError

        bench.engine.decider = replace(sound, wanted_effects=wanted_effects)
        assert isinstance((await bench.add("c1")).fault, TypeError)
        bench.engine.decider = sound
        await bench.add("c1")

        document = await bench.tally()
        assert (1, 1) == (document.state.count, document.sequence)

    @pytest.mark.parametrize("fault", ["save lost", "save unseen", "save late"])
    async def test_looks_again_after_an_unknown_outcome(self, bench: Any, fault: str) -> None:
        """A save that may or may not have landed has effect once, and what it tells is published at once."""
        bench.store.weather = Once(fault)
        await bench.add("c1")

        assert (1, True) == ((await bench.tally()).state.count, bench.store.weather.has_struck)
        assert [1] == [len(document.outbox) for document in bench.saved]

    async def test_is_unavailable_when_the_store_is_down(self, bench: Any) -> None:
        """Nothing is acknowledged that is not saved."""
        bench.disk.is_database_down = True

        with pytest.raises(Unavailable):
            await bench.add("c1")

    async def test_refuses_a_fact_that_is_too_large(self, bench: Any) -> None:
        """What a topic could not take is refused at save, and nothing is half-done."""
        said: dict[str, Any] = {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}
        ask = CommandEnvelope(key=REFERRAL, id="big", command=Add(**said, referral_id="x" * 300_000))
        [outcome] = await bench.engine.handle([ask])

        assert ("fact-too-large", None) == (outcome.refusal.code, await bench.engine.read(REFERRAL))


class TestQueue:
    async def test_commits_what_came_meanwhile_as_one_batch(self, bench: Any) -> None:
        """Callers that wait are saved together; no timer is involved."""
        queue, sizes = GroupCommit(bench.engine.handle), []
        save = bench.store.save

        async def counted(documents: list[Stored]) -> frozenset[str]:
            sizes.append(len(documents))
            lost: frozenset[str] = await save(documents)
            return lost

        bench.store.save = counted
        said: dict[str, Any] = {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}
        keys = [f"demo-{n:026d}" for n in range(20)]
        asks = [CommandEnvelope(key=key, id="c", command=Add(**said, referral_id=key)) for key in keys]
        await asyncio.gather(*[queue.submit(ask) for ask in asks])

        assert 20 == sum(sizes)
        assert len(sizes) <= 2

    async def test_is_busy_when_full(self, bench: Any) -> None:
        """The queue is bounded; who comes too late hears so at once."""
        queue = GroupCommit(bench.engine.handle, limit=1)
        said: dict[str, Any] = {"at": bench.clock.now(), "by": SOMEBODY, "channel": "api"}
        ask = CommandEnvelope(key=REFERRAL, id="c", command=Add(**said, referral_id=REFERRAL))
        first = asyncio.ensure_future(queue.submit(ask))
        second = asyncio.ensure_future(queue.submit(ask))

        done = await asyncio.gather(first, second, return_exceptions=True)
        assert [True, False] == [isinstance(outcome, Busy) for outcome in reversed(done)]


CHANGED, COMPLETE = "org.throughline.processing.step-changed.v1", "org.throughline.referral.found-complete.v1"


def told(document: Document) -> list[tuple[str, str]]:
    """What is told, and who is to act after it."""
    return [(entry.type, json.loads(entry.body or b"")["tasks"][0]["owner"]) for entry in document.outbox]


async def armed(bench: Any) -> datetime:
    """A step of the system's, from now on."""
    now: datetime = bench.clock.now()
    command = Arm(at=now, by=SOMEBODY, channel="api", due_at=now + timedelta(hours=1))
    await bench.engine.handle([CommandEnvelope(key=REFERRAL, id="arm", command=command)])
    return now


class TestTasks:
    async def test_that_a_person_is_to_act_is_told_at_once(self, bench: Any) -> None:
        """Whoever folds our facts knows who must act now, also when it follows from something private."""
        now = await armed(bench)
        command = EffectNeedsPerson(at=now, by=SOMEBODY, channel="api", kind="ring", effect_revision=1, in_doubt=False)

        await bench.engine.handle([CommandEnvelope(key=REFERRAL, id="person", command=command)])

        assert [(CHANGED, "coordinator")] == told(await bench.tally())

    async def test_a_step_of_ours_is_told_when_it_has_lasted(self, bench: Any) -> None:
        """If our own step stalls, others must see it."""
        await armed(bench)
        bench.disk.offset += TASK_LASTS

        document = await bench.tally()
        assert document.tasks_unpublished_since + TASK_LASTS == document.wake_at
        await bench.engine.handle([Wake(REFERRAL, bench.clock.now())])

        assert [(CHANGED, "system")] == told(await bench.tally())

    async def test_a_step_of_ours_that_a_fact_tells_is_not_told_twice(self, bench: Any) -> None:
        """Mostly the next fact comes within milliseconds, and carries the step."""
        await armed(bench)
        await bench.add("c1")
        bench.disk.offset += TASK_LASTS

        await bench.engine.handle([Wake(REFERRAL, bench.clock.now())])

        assert [(COMPLETE, "system")] == told(await bench.tally())


def two_tasks(state: Tally) -> tuple[Task, ...]:
    """The system waits for the deadline; beside it a person counts to two, and what is counted has an id of its own."""
    due_at = state.due_at
    if due_at is None:
        return ()
    of_person = [Task.of("count", "nurse", "tally", due_at, about=("one",))] if not state.needs_person else []
    return (Task.of("wait", "system", "tally", due_at), *of_person)


class TestSeveralTasks:
    async def test_are_all_told_with_every_fact(self, bench: Any) -> None:
        """Whole and in their order; the step of before is the first."""
        bench.engine.decider = replace(TALLY, tasks=two_tasks)
        await armed(bench)
        await bench.add("c1")

        [*_, last] = [json.loads(entry.body or b"") for entry in (await bench.tally()).outbox]
        assert [("wait", "wait"), ("count:one", "count")] == [(task["id"], task["act"]) for task in last["tasks"]]
        assert "wait" == last["step"]["act"]

    async def test_a_person_beside_the_system_is_told_of_at_once(self, bench: Any) -> None:
        """That the first task is the system's hides nobody."""
        bench.engine.decider = replace(TALLY, tasks=two_tasks)

        await armed(bench)

        assert [(CHANGED, "system")] == told(await bench.tally())

    async def test_that_a_person_need_not_act_any_more_is_told_at_once(self, bench: Any) -> None:
        """Even while a task of the system's goes on, which was there before."""
        bench.engine.decider = replace(TALLY, tasks=two_tasks)
        now = await armed(bench)
        command = EffectNeedsPerson(at=now, by=SOMEBODY, channel="api", kind="ring", effect_revision=1, in_doubt=False)

        await bench.engine.handle([CommandEnvelope(key=REFERRAL, id="person", command=command)])

        [*_, last] = [json.loads(entry.body or b"") for entry in (await bench.tally()).outbox]
        assert ["wait"] == [task["act"] for task in last["tasks"]]
