"""The result door: outbound calls are written down, made, and answered (ADR 4).

What a call owes is decided in `shared.effects.protocol`; here calls are begun, made within seconds or
not at all, and what was answered becomes a command. Never called from a consumer or inside a save.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from heapq import heappop, heappush
from typing import Any

from shared.backoff import SPREAD, chance_of
from shared.effects import protocol as calls
from shared.effects.protocol import LEASE, Begun
from shared.engine.document import Cause
from shared.engine.outbound_calls import Submit
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Busy, Rejected, Unavailable, Unknown, Unusable
from shared.ports import Answer, Clock, Count, Gateway

SUBMIT_PAUSES_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Before each try to save what was begun or answered: twelve seconds, and what a store that is away lets them wait."""
CALL_TAKES = timedelta(milliseconds=10)
LONGEST_LEASE = timedelta(seconds=60)
NEVER_MADE = Answer("not_taken")
"""Of a call that came too late to be made: nobody else makes it, so there is no doubt about it."""


@dataclass(frozen=True)
class Begin:
    """Write down the call that an effect owes now. `token` tells the writer from others after an unknown outcome."""

    key: str
    effect: str
    token: str

    def apply(self, unit: UnitOfWork) -> Begun | None:
        """Return the call if it is ours to make."""
        record = unit.document.calls.get(self.effect)
        if record is None:
            return None
        mine = record.call if record.call and record.call.token == self.token else unit.begin(self.effect, self.token)
        return unit.called(self.effect) if mine else None


@dataclass(frozen=True)
class Answered:
    """What the outside said to one call (`number` None: a callback, or evidence from anybody)."""

    key: str
    effect: str
    number: int | None
    answer: Answer

    def apply(self, unit: UnitOfWork) -> Exception | None:
        """Fold it, and decide what it means. Return why the domain would not have it, if so."""
        try:
            unit.answer(self.effect, self.number, self.answer, Cause())
        except Exception as error:  # noqa: BLE001 - the others of the batch have nothing to do with it
            return error
        return None


@dataclass(frozen=True)
class Callback:
    """What the outside said on its own, about the effect that it knows as `effect_id`."""

    key: str
    effect_id: str
    answer: Answer

    def apply(self, unit: UnitOfWork) -> Exception | None:
        """Fold it like an answer to no call in particular; an effect that is not ours is only decided."""
        records = unit.document.calls.values()
        known = next((r.key for r in records if calls.id_of(self.key, r) == self.effect_id), "")
        return Answered(self.key, known, None, self.answer).apply(unit)


@dataclass(slots=True)
class _Lane:
    """Calls to one target: how many are being made, and what waits, most urgent first."""

    concurrency: int
    running: int = 0
    waiting: list[tuple[int, int, str, str]] = field(default_factory=list)

    @property
    def has_room(self) -> bool:
        """Whether one more call may be made now."""
        return self.running < self.concurrency


class EffectWorker:
    """Makes the calls that this replica's saves made due; the clock finds what it misses."""

    def __init__(
        self,
        gateways: Mapping[str, Gateway],
        clock: Clock,
        token: Callable[[], str],
        count: Count,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._gateways, self._clock, self._token = gateways, clock, token
        self._count, self._on_error = count, on_error
        self.traits = {name: gateway.traits for name, gateway in gateways.items()}
        self._lanes: dict[str, _Lane] = {}
        self._pending: set[tuple[str, str]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._order = 0

    def begin(self, unit: UnitOfWork) -> None:
        """Write down each call that is due and can be made at once, in the very save that made it due."""
        for record, act, when in unit.due_effects():
            job, lane = (unit.document.id, record.key), self._lane(record)
            is_call = act in ("send", "ask", "withdraw")
            if is_call and when <= unit.now and lane.has_room and job not in self._pending:
                unit.begin(record.key, self._token())
                unit.begun.append((unit.called(record.key), self._clock.monotonic()))
                self._pending.add(job)
                lane.running += 1

    def drive(self, unit: UnitOfWork, submit: Submit) -> None:
        """Make the calls that the save has written down, and take up what else it owes now. Returns at once."""
        for begun, at_s in unit.begun:
            lane = self._lane(unit.document.calls[begun.call.effect])
            self._start(self._work(lane, submit, partial(self._carry_out, begun, at_s, submit)))
        for record, _, when in unit.due_effects():
            job = unit.document.id, record.key
            if when <= unit.now and job not in self._pending:
                self._pending.add(job)
                self._offer(record, *job, submit)

    def release(self, unit: UnitOfWork, submit: Submit, *, is_certain: bool) -> None:
        """Calls whose save was lost are not made, and give back their room.

        A save of which that is not certain is asked for by the token of its calls: what it has written down is made
        if there is still time, and is else known never to have been; what it has not is written down now.
        """
        for begun, at_s in unit.begun:
            key, effect = begun.call.aggregate_id, begun.call.effect
            if is_certain:
                self._pending.discard((key, effect))
            again = None if is_certain else partial(self._make, key, effect, begun.token, at_s, submit)
            self._start(self._work(self._lane(unit.document.calls[effect]), submit, again))

    def lease(self) -> timedelta:
        """For how long a call that is due now is ours to make: the more of them wait, the longer, within a bound."""
        return min(LEASE + len(self._pending) * CALL_TAKES, LONGEST_LEASE)

    async def drain(self) -> None:
        """Wait for the calls under way, and for those that their answers make due."""
        while under_way := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(under_way)

    def _lane(self, record: calls.EffectRecord) -> _Lane:
        concurrency = self._gateways[record.kind].traits.concurrency
        return self._lanes.setdefault(f"{record.kind}:{record.target}", _Lane(concurrency))

    def _offer(self, record: calls.EffectRecord, key: str, effect: str, submit: Submit) -> None:
        lane = self._lane(record)
        self._order += 1
        heappush(lane.waiting, (record.urgency, self._order, key, effect))
        if lane.has_room:
            lane.running += 1
            self._start(self._work(lane, submit))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def _work(self, lane: _Lane, submit: Submit, first: Callable[[], Awaitable[None]] | None = None) -> None:
        """Make a first call, then what waits in the lane; its place in the lane is taken already."""
        try:
            if first:
                await first()
            while lane.waiting:
                _, _, key, effect = heappop(lane.waiting)
                await self._make(key, effect, self._token(), self._clock.monotonic(), submit)
        finally:
            lane.running -= 1

    async def _make(self, key: str, effect: str, token: str, at_s: float, submit: Submit) -> None:
        """Write the call down in a save of its own, unless one with this token has, since `at_s`, and make it."""
        begun: Begun | None = await self._submit(Begin(key, effect, token), submit)
        if begun:
            await self._carry_out(begun, at_s, submit)
        else:
            self._pending.discard((key, effect))

    async def _carry_out(self, begun: Begun, at_s: float, submit: Submit) -> None:
        """Make the call if there is still time, and fold its answer. Silence is left to the quarantine."""
        call, is_late = begun.call, self._clock.monotonic() - at_s > calls.BEGIN_S
        answer = NEVER_MADE if is_late else await self._ask_outside(begun)
        self._count("effect_calls", 1, kind=call.kind, act=call.act, outcome=answer.word if answer else "unknown")
        self._pending.discard((call.aggregate_id, call.effect))  # what the answer makes due, its save takes up
        if answer is not None:
            await self._fold(Answered(call.aggregate_id, call.effect, call.number, answer), submit)

    async def _ask_outside(self, begun: Begun) -> Answer | None:
        try:
            return await self._gateways[begun.call.kind].call(begun.call, begun.state, self._clock.now())
        except Unknown as error:
            return Answer("unknown", retry_after_s=error.retry_after_s) if error.retry_after_s else None
        except Exception as error:  # noqa: BLE001 - a faulty gateway is silence: the quarantine settles what it did
            self._on_error(error)
            return None

    async def _fold(self, answered: Answered, submit: Submit) -> None:
        error: Exception | None = await self._submit(answered, submit)
        if error is not None and not isinstance(error, Rejected):
            self._on_error(error)

    async def _submit(self, item: Begin | Answered, submit: Submit) -> Any:
        """The outcome of an item, for which the store is waited for. None: in vain, so the quarantine settles it."""
        for tries, pause_s in enumerate(SUBMIT_PAUSES_S):
            await self._clock.sleep(pause_s * (1 - SPREAD * chance_of(item.key, tries)))
            try:
                return await submit(item)
            except Unusable as error:
                self._on_error(error)
                return None
            except (Busy, Unavailable, Unknown):
                continue
            except Exception as error:  # noqa: BLE001 - whatever waits in the lane has nothing to do with it
                self._on_error(error)
                return None
        return None
