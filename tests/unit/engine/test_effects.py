"""Outbound calls: written down before they are made, answered once, settled after silence."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from shared.effects.protocol import BEGIN_S, TRIES, quarantine
from shared.engine import CommandEnvelope
from shared.engine.effects import Answered, Callback, EffectWorker
from shared.engine.timers import Wake
from shared.errors import Unavailable, Unknown, Unusable
from shared.ports import Answer, Call, Traits
from tests.support.memory import Weather
from tests.support.outbound import Uncalled
from tests.support.tally import REFERRAL, SOMEBODY, Hearken, WantCall


class Bell:
    """An outside that answers as told, and remembers what it was asked."""

    def __init__(self, traits: Traits, *answers: Answer | Exception) -> None:
        self.traits, self.answers = traits, list(answers)
        self.calls: list[Call] = []

    async def call(self, call: Call, state: Any, now: Any) -> Answer:
        """Answer the next answer; the last one for ever."""
        del state, now
        self.calls.append(call)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Keeping(Bell):
    """An outside that gives nothing back."""

    async def call(self, call: Call, state: Any, now: Any) -> Answer:
        """Refuse to withdraw."""
        answer = await super().call(call, state, now)
        return NOT_TAKEN if call.act == "withdraw" else answer


class LateBell(Bell):
    """An outside that takes its time."""

    async def call(self, call: Call, state: Any, now: Any) -> Answer:
        """Answer after others have had theirs."""
        for _ in range(20):
            await asyncio.sleep(0)
        return await super().call(call, state, now)


class HeldBell(Bell):
    """An outside that answers nobody until it is free."""

    def __init__(self, traits: Traits, *answers: Answer | Exception) -> None:
        super().__init__(traits, *answers)
        self.is_free = asyncio.Event()

    async def call(self, call: Call, state: Any, now: Any) -> Answer:
        """Answer when free."""
        answer = await super().call(call, state, now)
        await self.is_free.wait()
        return answer


ALIVE = Answer("alive", ("ref-1",))
KEYS = [f"demo-{letter * 26}" for letter in "abcd"]
NOT_TAKEN = Answer("not_taken")
SILENCE = Unknown("silence")


class Once(Weather):
    """A fault strikes the first time; `then` something else happens."""

    def __init__(self, fault: str, then: Callable[[], None] = lambda: None) -> None:
        self.fault, self.then, self.struck = fault, then, False

    def strikes(self, fault: str) -> bool:
        """Strike."""
        hit = fault == self.fault and not self.struck
        if hit:
            self.struck = True
            self.then()
        return hit


def ring(bench: Any, bell: Bell, on_error: Callable[[BaseException], None] = lambda _error: None) -> EffectWorker:
    """Wire the bell to the bench."""
    worker = EffectWorker({"ring": bell}, bench.clock, bench.engine.token, bench.count, on_error)
    bench.engine.effects = worker
    return worker


async def want(bench: Any, revision: int) -> None:
    """The state wants the call with this revision (0: none)."""
    command = WantCall(at=bench.clock.now(), by=SOMEBODY, channel="api", revision=revision)
    await bench.engine.handle([CommandEnvelope(key=REFERRAL, id=f"want-{revision}", command=command)])


async def want_each(bench: Any, keys: Sequence[str], revisions: Sequence[int]) -> None:
    """One state after the other wants its call."""
    for key, revision in zip(keys, revisions, strict=True):
        command = WantCall(at=bench.clock.now(), by=SOMEBODY, channel="api", revision=revision)
        await bench.engine.handle([CommandEnvelope(key=key, id=f"want-{revision}", command=command)])


async def after(bench: Any, worker: EffectWorker, seconds: float) -> None:
    """Let business time pass, wake what is due, and let calls end."""
    bench.disk.offset += timedelta(seconds=seconds)
    await bench.engine.handle([Wake(REFERRAL, bench.clock.now())])
    await settled(worker)


async def settled(worker: EffectWorker) -> None:
    """Let calls end."""
    await worker.drain()


async def is_with_person(bench: Any) -> bool:
    """Whether a person has the first call."""
    return bool((await bench.tally()).calls["ring:1"].has_person)


def acts(bell: Bell) -> list[str]:
    """What the outside was asked to do."""
    return [call.act for call in bell.calls]


SETTLED_S = quarantine(Traits()).total_seconds() + 1


class TestEffectWorker:
    async def test_makes_a_call_once_and_remembers_the_reference(self, bench: Any) -> None:
        """What is alive outside is not sent again, however often it is looked at."""
        bell = Bell(Traits(), ALIVE)
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        await after(bench, worker, 600)

        assert ["send"] == acts(bell)
        assert ["ref-1"] == (await bench.tally()).calls["ring:1"].refs
        assert 1 == bench.counts["effect_calls"]

    async def test_writes_a_call_down_in_the_save_that_makes_it_due(self, bench: Any) -> None:
        """Written before it is made, without a save of its own."""
        worker = ring(bench, Bell(Traits(), ALIVE))
        await want(bench, 1)
        assert (1, "send") == ((await bench.tally()).version, (await bench.tally()).calls["ring:1"].call.act)
        await settled(worker)

        assert 2 == (await bench.tally()).version

    async def test_makes_a_call_once_when_the_first_save_is_lost(self, bench: Any) -> None:
        """What another replica has saved meanwhile is decided on anew; the room for the call is not lost with it."""
        bell = Bell(Traits(concurrency=1), ALIVE)
        worker, mine = ring(bench, bell), bench.engine
        await bench.add("c1")
        bench.engine = bench.replica()
        await bench.add("c2")
        bench.engine = mine

        await want(bench, 1)
        await settled(worker)
        await want(bench, 0)
        await settled(worker)

        assert ["send", "withdraw"] == acts(bell)

    @pytest.mark.parametrize("fault", ["save unseen", "save lost", "save late"])
    async def test_makes_a_call_whose_save_has_an_unknown_outcome(self, bench: Any, fault: str) -> None:
        """Ours by its token where the store took it, written down anew where not: nobody waits out a silence."""
        bell = Bell(Traits(), ALIVE)
        worker = ring(bench, bell)
        bench.store.weather = Once(fault)
        await want(bench, 1)
        await settled(worker)

        assert (["send"], ["ref-1"]) == (acts(bell), (await bench.tally()).calls["ring:1"].refs)

    @pytest.mark.parametrize("fault", ["save unseen", "save lost"])
    async def test_makes_a_call_once_the_store_is_back(self, bench: Any, fault: str) -> None:
        """It went away in the middle of the save; whether that landed is seen afterwards."""
        bell = Bell(Traits(), ALIVE)
        worker = ring(bench, bell)
        bench.store.weather = Once(fault, lambda: setattr(bench.disk, "is_database_down", True))
        with pytest.raises(Unavailable):
            await want(bench, 1)
        await asyncio.sleep(0)
        bench.disk.is_database_down = False
        await settled(worker)
        await want(bench, 1)
        await settled(worker)

        assert (["send"], ["ref-1"]) == (acts(bell), (await bench.tally()).calls["ring:1"].refs)

    async def test_tries_again_when_it_said_and_not_when_a_call_changes_hands(self, bench: Any) -> None:
        """What is due later is nobody's until then."""
        worker = ring(bench, Bell(Traits(), Answer("not_taken")))
        await want(bench, 1)
        await settled(worker)

        document = await bench.tally()
        assert document.calls["ring:1"].retry_at == document.wake_at

    async def test_a_fault_of_the_engine_does_not_strand_what_waits(self, bench: Any, monkeypatch: Any) -> None:
        """The next call to the same target is made, and the fault is shown."""
        bell, errors = HeldBell(Traits(concurrency=1), ALIVE), list[Any]()
        worker = ring(bench, bell, errors.append)
        await want_each(bench, KEYS[:2], (1, 2))
        apply = Answered.apply

        def broken(self: Answered, unit: Any) -> Any:
            if self.key == KEYS[0]:
                raise KeyError(self.key)
            return apply(self, unit)

        monkeypatch.setattr(Answered, "apply", broken)
        bell.is_free.set()
        await settled(worker)

        assert [1, 2] == [call.revision for call in bell.calls]
        assert [(Unusable, "failed:KeyError")] == [(type(error), error.why) for error in errors]

    async def test_decides_what_an_answer_means_in_the_same_write(self, bench: Any) -> None:
        """The domain hears the answer exactly when the record does."""
        command = Hearken(at=bench.clock.now(), by=SOMEBODY, channel="effect", word="yes")
        bell = Bell(Traits(), replace(ALIVE, command=command))
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)

        assert ("yes",) == (await bench.tally()).state.answers

    async def test_drains_what_an_answer_makes_due(self, bench: Any) -> None:
        """A service that stops does not leave a call that it has just written down."""
        onward = WantCall(at=bench.clock.now(), by=SOMEBODY, channel="effect", revision=2)
        bell = LateBell(Traits(), replace(ALIVE, command=onward), Answer("withdrawn", ("ref-1",)), ALIVE)
        worker = ring(bench, bell)
        await want(bench, 1)
        await worker.drain()

        assert ["send", "withdraw", "send"] == acts(bell)

    async def test_waits_out_silence_then_asks(self, bench: Any) -> None:
        """Silence is not failure: nothing more is sent before the call can no longer land."""
        bell = Bell(Traits(can_ask=True), SILENCE, ALIVE)
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        await after(bench, worker, 5)
        assert ["send"] == acts(bell)
        await after(bench, worker, SETTLED_S)

        assert (["send", "ask"], ["ref-1"]) == (acts(bell), (await bench.tally()).calls["ring:1"].refs)

    async def test_sends_again_where_the_outside_dedupes(self, bench: Any) -> None:
        """With the same id, whoever asks and however often."""
        bell = Bell(Traits(dedupes=True), SILENCE, ALIVE)
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        await after(bench, worker, SETTLED_S)

        assert ["send", "send"] == acts(bell)
        assert 1 == len({call.effect_id for call in bell.calls})

    async def test_asks_a_person_where_nobody_can_find_out(self, bench: Any) -> None:
        """A message that may not be told twice is in doubt: the domain gives it to a person."""
        bell = Bell(Traits(), SILENCE)
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        await after(bench, worker, SETTLED_S)

        assert (["send"], True) == (acts(bell), (await bench.tally()).state.needs_person)

    async def test_asks_a_person_after_many_refusals(self, bench: Any) -> None:
        """What is never taken is not tried for ever."""
        bell = Bell(Traits(), Answer("not_taken"))
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        for _ in range(TRIES + 5):
            await after(bench, worker, 60)

        assert (TRIES, True) == (len(bell.calls), (await bench.tally()).state.needs_person)

    async def test_withdraws_what_is_no_longer_wanted(self, bench: Any) -> None:
        """What may be alive is taken back, after its live call is settled."""
        bell = Bell(Traits(dedupes=True), SILENCE, Answer("withdrawn", ("ref-1",)))
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        await want(bench, 0)
        await after(bench, worker, 6)
        assert ["send"] == acts(bell)
        await after(bench, worker, SETTLED_S)

        assert ["send", "withdraw"] == acts(bell)

    async def test_a_cancelled_intent_that_was_never_sent_just_ends(self, bench: Any) -> None:
        """The version orders each cancellation before or after each send."""
        bell = Bell(Traits(), ALIVE)
        bench.engine.effects = Uncalled({"ring": bell.traits})
        await want(bench, 1)
        await want(bench, 0)
        worker = ring(bench, bell)
        await after(bench, worker, 60)

        assert [] == acts(bell)

    async def test_a_new_revision_waits_for_the_one_before(self, bench: Any) -> None:
        """Two revisions are never alive together."""
        bell = Bell(Traits(dedupes=True), ALIVE, Answer("withdrawn", ("ref-1",)), Answer("alive", ("ref-2",)))
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        await want(bench, 2)
        await settled(worker)

        assert [("send", 1), ("withdraw", 1), ("send", 2)] == [(call.act, call.revision) for call in bell.calls]

    async def test_a_new_revision_does_not_wait_for_a_withdrawal_that_a_person_has(self, bench: Any) -> None:
        """What the outside never takes back is tried on, and holds up nothing any more."""
        worker = ring(bench, bell := Keeping(Traits(dedupes=True), ALIVE))
        await want(bench, 1)
        await settled(worker)
        await want(bench, 2)
        await settled(worker)
        for _ in range(TRIES - 2):
            await after(bench, worker, 60)
        assert ["send"] + ["withdraw"] * (TRIES - 1) == acts(bell)
        assert not await is_with_person(bench)

        for _ in range(3):
            await after(bench, worker, 60)

        assert await is_with_person(bench)
        assert [2] == [call.revision for call in bell.calls[1:] if call.act == "send"]
        assert TRIES + 2 == acts(bell).count("withdraw")

    async def test_a_withdrawal_is_given_to_a_person_though_one_has_the_send(self, bench: Any) -> None:
        """That something may stand which should not is another question than whether it was done."""
        worker = ring(bench, bell := Bell(Traits(), SILENCE, NOT_TAKEN))
        await want(bench, 1)
        await settled(worker)
        await after(bench, worker, SETTLED_S)
        assert (["send"], True) == (acts(bell), await is_with_person(bench))
        await want(bench, 0)
        assert not await is_with_person(bench)
        for _ in range(TRIES):
            await after(bench, worker, 60)

        assert await is_with_person(bench)

    async def test_lets_urgent_calls_go_first_where_they_wait(self, bench: Any) -> None:
        """A target that is busy is asked for whoever is most urgent next, and not for who came first."""
        bell = HeldBell(Traits(concurrency=1), ALIVE)
        worker = ring(bench, bell)
        await want_each(bench, KEYS, (5, 9, 1, 3))
        bell.is_free.set()
        await settled(worker)
        assert [5, 1, 3, 9] == [call.revision for call in bell.calls]

    @pytest.mark.parametrize("fault", ["none", "save unseen"])
    async def test_makes_a_call_that_came_too_late_another_time(self, bench: Any, fault: str) -> None:
        """A worker that stood still, or did not hear of its save in time, lets it be.

        Nobody else made it: nothing is in doubt, and no person is asked about what never left.
        """
        bell = Bell(Traits(), ALIVE)
        worker = ring(bench, bell)
        bench.store.weather = Once(fault)
        readings = chain([0.0], repeat(BEGIN_S + 0.1))
        bench.clock.monotonic = lambda: next(readings)
        await want(bench, 1)
        await settled(worker)
        assert [] == acts(bell)

        await after(bench, worker, 10)

        assert (["send"], False) == (acts(bell), (await bench.tally()).state.needs_person)


class TestCallback:
    @pytest.mark.parametrize("times", [1, 3])
    async def test_counts_evidence_from_anybody_once(self, bench: Any, times: int) -> None:
        """A callback, early, late or repeated, is evidence of life."""
        bell = Bell(Traits(can_ask=True), SILENCE)
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        [call] = bell.calls
        await bench.engine.handle([Callback(REFERRAL, call.effect_id, ALIVE)] * times)

        assert ["ref-1"] == (await bench.tally()).calls["ring:1"].refs

    async def test_has_what_was_done_twice_withdrawn_at_once(self, bench: Any) -> None:
        """A second reference is given back before anything else goes to its target, not when results are asked for."""
        bell = Bell(Traits(), ALIVE, Answer("withdrawn", ("ref-2",)))
        worker = ring(bench, bell)
        await want(bench, 1)
        await settled(worker)
        await bench.engine.handle([Callback(REFERRAL, bell.calls[0].effect_id, Answer("alive", ("ref-2",)))])
        await settled(worker)

        assert ["send", "withdraw"] == acts(bell)
        assert ["ref-1"] == (await bench.tally()).calls["ring:1"].refs
