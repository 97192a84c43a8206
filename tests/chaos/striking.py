"""Carries a schedule of faults out, and writes down when each struck, was healed, and was over."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

from tests.chaos.faults import Fault
from tests.chaos.filling import filling
from tests.chaos.installation import BROKER, DATABASE, Installation
from tests.chaos.spoiling import How, Spoiler, change

READY_WITHIN_S = 60.0
SPOILS: Mapping[str, How] = {"spoil": change, "fill": filling}
"""The faults that strike a document, and what becomes of it."""
_NEEDED = (BROKER, DATABASE, "issuer")
_POLL_S = 0.1


@dataclass(frozen=True)
class Strike:
    """A fault as it happened, in seconds of the run. `ready_s` is None when a part was not back in time."""

    fault: Fault
    struck_s: float
    healed_s: float
    ready_s: float | None

    @property
    def recovery_s(self) -> float:
        """From healing to work; for ever when it never came."""
        return float("inf") if self.ready_s is None else self.ready_s - self.healed_s


@dataclass
class Striker:
    """Strikes, heals, and waits until what was struck works again. One fault at a time per part."""

    installation: Installation
    spoiler: Spoiler
    tell: Callable[[str], None]
    strikes: list[Strike] = field(default_factory=list)
    uncalled: list[str] = field(default_factory=list)
    """Parts that ended although no fault struck them."""
    _began_s: float = field(default_factory=time.monotonic)
    _taken: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def run(self, faults: Sequence[Fault]) -> None:
        """Strike them all, each at its time, and return when the last is over."""
        self._began_s = time.monotonic()
        async with asyncio.TaskGroup() as watch:
            watching = watch.create_task(self._watch())
            async with asyncio.TaskGroup() as group:
                for fault in faults:
                    group.create_task(self._strike(fault))
            watching.cancel()

    async def _strike(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        async with AsyncExitStack() as stack:
            for name in sorted(fault.targets):
                await stack.enter_async_context(self._taken[name])
            struck_s = self._now_s()
            self.tell(f"{struck_s:7.1f} s  #{fault.number} {fault}, for {fault.for_s:.1f} s")
            ready = self._spoil(fault) if fault.kind in SPOILS else self._carry_out(fault)
            healed_s, ready_s = await ready
            strike = Strike(fault, struck_s, healed_s, ready_s)
            self.strikes.append(strike)
            self.tell(f"{self._now_s():7.1f} s  #{fault.number} healed, back after {strike.recovery_s:.1f} s")

    async def _spoil(self, fault: Fault) -> tuple[float, float | None]:
        """Spoil a document, and mend it later. When that was; None where there was no document to spoil.

        What is held meanwhile flows in a minute: whether it did is judged at rest.
        """
        (service,) = fault.targets
        spoiled = await self.spoiler.spoil(service, Random(fault.at_s), SPOILS[fault.kind])
        if spoiled is None:
            return self._now_s(), None
        self.tell(f"{self._now_s():7.1f} s  #{fault.number} {spoiled.collection} {spoiled.key}: {spoiled.change}")
        await asyncio.sleep(fault.for_s)
        await self.spoiler.mend(spoiled)
        return self._now_s(), self._now_s()

    async def _carry_out(self, fault: Fault) -> tuple[float, float | None]:
        for name in fault.targets:
            if fault.kind == "kill":
                await self.installation.kill(name)
                await asyncio.sleep(fault.for_s)
                await self.installation.start(name)
            elif fault.kind == "roll":
                await self.installation.end(name)
                await self.installation.start(name)
                await self._ready_s([name])
            else:
                await self.installation.freeze(name)
                await asyncio.sleep(fault.for_s)
                await self.installation.thaw(name)
        healed_s = self._now_s()
        return healed_s, await self._ready_s(fault.targets)

    async def _ready_s(self, names: Sequence[str]) -> float | None:
        """When all of them were back; the time in which something that they need is struck does not count."""
        deadline = time.monotonic() + READY_WITHIN_S
        for name in names:
            while not await self.installation.is_ready(name):
                if any(self._taken[needed].locked() for needed in _NEEDED if needed not in names):
                    deadline = time.monotonic() + READY_WITHIN_S
                if time.monotonic() > deadline:
                    return None
                await asyncio.sleep(_POLL_S)
        return self._now_s()

    async def _watch(self) -> None:
        """Start again what ends by itself, as a supervisor does, and remember that it did."""
        while True:
            await asyncio.sleep(_POLL_S)
            for name in self.installation.ended():
                if not self._taken[name].locked():
                    self.uncalled.append(name)
                    self.tell(f"{self._now_s():7.1f} s  {name} ended by itself")
                    await self.installation.start(name)

    def _now_s(self) -> float:
        return time.monotonic() - self._began_s
