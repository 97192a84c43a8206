"""Defects of calls to the outside and of the clock. Each plants one mistake until its monkeypatch is undone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.effects import protocol as calls
from shared.effects.protocol import EffectRecord, NextAction
from shared.engine import timers as clock
from shared.engine.effects import Answered, Begin, EffectWorker
from shared.engine.timers import Timers, Wake
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Busy, Unavailable, Unknown
from shared.ports import Traits
from tests.simulation.machines import MachineClock, ReplicaWeather
from tests.simulation.storm import ODDS

STALLS = 0.4
"""How often a call is made after standing still, where that is what is looked at: the sound engine holds then, too."""

Plant = Callable[[pytest.MonkeyPatch], None]


def _call_made_before_it_is_written(patch: pytest.MonkeyPatch) -> None:
    async def broken(self: EffectWorker, key: str, effect: str, token: str, _at_s: float, submit: Any) -> None:
        begin, engine = Begin(key, effect, token), submit.__self__
        try:
            document = await engine.read(key)
            begun = begin.apply(engine.unit(document)) if document else None
            answer = await self._ask_outside(begun) if begun else None
            written = await submit(begin) if begun else None
        except (Busy, Unavailable, Unknown):
            return
        if written and answer:
            await self._fold(Answered(key, effect, written.call.number, answer), submit)

    patch.setattr(EffectWorker, "begin", lambda _self, _unit: None)
    patch.setattr(EffectWorker, "_make", broken)


def _call_made_though_its_save_was_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EffectWorker, "release", lambda self, unit, submit, **_is_certain: self.drive(unit, submit))


def _resent_while_it_can_still_land(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calls, "quarantine", lambda _traits: timedelta(seconds=1))


def _withdrawal_overtakes_a_live_send(patch: pytest.MonkeyPatch) -> None:
    next_action = calls.next_action

    def broken(record: EffectRecord, traits: Traits) -> tuple[NextAction | None, datetime]:
        act, when = next_action(record, traits)
        return (act, record.retry_at or calls.NEVER) if act == "withdraw" else (act, when)

    patch.setattr(calls, "next_action", broken)
    patch.setattr(calls, "_may_still_land", lambda *_: False)


def _wake_by_the_machines_own_clock(patch: pytest.MonkeyPatch) -> None:
    async def read(self: MachineClock) -> datetime:
        await self._weather.step("clock")
        return self.by_the_machine()

    patch.setattr(MachineClock, "read", read)
    patch.setattr(MachineClock, "now", MachineClock.by_the_machine)


def _only_the_owner_may_wake(patch: pytest.MonkeyPatch) -> None:
    async def broken(_self: Timers, _now: datetime) -> Sequence[str]:
        return ()

    patch.setattr(Timers, "_overdue", broken)


def _wake_does_not_move_wake_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clock, "backoff", lambda _strikes: timedelta())


def _deadline_decided_while_parked(patch: pytest.MonkeyPatch) -> None:
    def as_if_not_parked(sound: Callable[..., Any]) -> Callable[..., Any]:
        def broken(*arguments: Any) -> Any:
            document = next(each for each in arguments if isinstance(each, UnitOfWork)).document
            is_parked, document.is_parked = document.is_parked, False
            try:
                return sound(*arguments)
            finally:
                document.is_parked = is_parked

        return broken

    patch.setattr(Wake, "apply", as_if_not_parked(Wake.apply))
    patch.setattr(UnitOfWork, "wake_at", as_if_not_parked(UnitOfWork.wake_at))


def _unanswered_send_forgotten(patch: pytest.MonkeyPatch) -> None:
    begin = calls.begin

    def broken(record: EffectRecord, act: NextAction, now: datetime, token: str) -> Any:
        record.call = None
        return begin(record, act, now, token)

    patch.setattr(calls, "begin", broken)


def _no_dead_man(patch: pytest.MonkeyPatch) -> None:
    """Whoever stood still for too long makes its call all the same; many do, since most calls land in time even so."""
    patch.setitem(ODDS, "stall", STALLS)
    patch.setattr(ReplicaWeather, "dead_man_s", float("inf"))


CALLS: Mapping[str, Plant] = {
    "call made before it is written": _call_made_before_it_is_written,
    "call made though its save was lost": _call_made_though_its_save_was_lost,
    "call resent without waiting until it can no longer land": _resent_while_it_can_still_land,
    "withdrawal that overtakes a live send": _withdrawal_overtakes_a_live_send,
    "wake by the machine's own clock": _wake_by_the_machines_own_clock,
    "only the owner may wake": _only_the_owner_may_wake,
    "a wake that does not move wake_at": _wake_does_not_move_wake_at,
    "a deadline decided while parked": _deadline_decided_while_parked,
    "an unanswered send forgotten": _unanswered_send_forgotten,
    "a call begun after standing still": _no_dead_man,
}
