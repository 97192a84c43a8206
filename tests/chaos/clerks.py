"""Two clerks who work on the same placements at once, and wish for times that others have: one might be had twice.

They read, wish on the version that they read, and read again. What they are told is in the history; nothing is judged
here, and no refusal surprises them.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from tests.chaos.calling import Ask, Caller, read
from tests.chaos.client import Record
from tests.chaos.orders import MOST

_NEWEST: Final = 60
_PAUSE_S: Final = 1.0
CLERKS: Final = (MOST, MOST + 1)
"""Their numbers as processes, beyond those of orders."""
_GIVEN_UP_ONE_IN: Final = 5
_AHEAD: Final = timedelta(days=3)
"""What is nearer stays as it is: an office that hears of it too late would see the patient all the same."""
_WISHED_IN: Final = (4, 5, 7)
_NOON_UTC: Final = 18
_REASON: Final = {"system": "throughline", "code": "clerk-asked"}
_AT_ONCE: Final = 8
Shown = Mapping[str, Any]


@dataclass
class Clerks:
    """Who books beside the services. `now` is the story's time."""

    caller: Caller
    records: Sequence[Record]
    chance: Random
    now: Callable[[], datetime]
    times: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _wishes: int = 0

    async def run(self) -> None:
        """Go from placement to placement until cancelled."""
        while True:
            await asyncio.sleep(_PAUSE_S)
            taken = [id_ for record in self.records[-_NEWEST:] for id_ in record.ids]
            if taken:
                await self.meet(self.chance.choice(taken))

    async def meet(self, referral: str) -> None:
        """Both at the same placement."""
        await asyncio.gather(*(self._work(clerk, referral) for clerk in CLERKS))

    async def look(self, referrals: Sequence[str]) -> None:
        """Read where each of them stands in the end."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(service: str, referral: str) -> None:
            async with slots:
                await self.caller.insist(read(CLERKS[0], service, referral))

        await asyncio.gather(*(one(service, each) for each in referrals for service in ("intake", "scheduling")))

    async def _work(self, clerk: int, referral: str) -> None:
        said = await self.caller.call(read(clerk, "scheduling", referral))
        if said.word != "ok":
            return
        self._remember(said.told)
        if wish := self._wish(clerk, said.told):
            await self.caller.insist(wish)
            await self.caller.call(read(clerk, "scheduling", referral))

    def _remember(self, shown: Shown) -> None:
        for visit in shown["visits"]:
            self.times[visit["provider_ref"]].add(visit["starts_at"])

    def _wish(self, clerk: int, shown: Shown) -> Ask | None:
        """To give a visit up now and then, else to have a time that is known of this provider."""
        booked = [v["visit_id"] for v in shown["visits"] if v["fate"] == "booked" and self._is_ahead(v["starts_at"])]
        if booked and "cancel_visit" in shown["allowed"] and self.chance.randrange(_GIVEN_UP_ONE_IN) == 0:
            return self.give_up(clerk, shown, booked[0])
        times = list(self._times(shown))
        return (
            self.book(clerk, shown, self.chance.choice(times)) if times and "book_visit" in shown["allowed"] else None
        )

    def book(self, clerk: int, shown: Shown, starts_at: str) -> Ask:
        """To have this time at the provider chosen."""
        return self._ask(clerk, shown, "booking", {"start": starts_at, "booked_by": "own"})

    def give_up(self, clerk: int, shown: Shown, visit_id: str) -> Ask:
        """To give this visit up."""
        return self._ask(clerk, shown, "visit-cancellation", {"visit_id": visit_id, "reason": _REASON}, visit_id)

    def _times(self, shown: Shown) -> Iterator[str]:
        """What others have at the provider who has accepted, and a few times that everybody wishes for."""
        provider = shown["provider"] or {}
        if provider.get("answer") == "accepted":
            yield from (each for each in sorted(self.times[provider["provider_ref"]]) if self._is_ahead(each))
            noon = self.now().replace(hour=_NOON_UTC, minute=0, second=0, microsecond=0)
            yield from ((noon + timedelta(days=days)).isoformat() for days in _WISHED_IN)

    def _is_ahead(self, starts_at: str) -> bool:
        return datetime.fromisoformat(starts_at) > self.now() + _AHEAD

    def _ask(self, clerk: int, shown: Shown, command: str, wanted: Shown, visit_id: str = "") -> Ask:
        self._wishes += 1
        name = f"clerk-{clerk}-{self._wishes}"
        return Ask(
            process=clerk,
            request=name,
            op="give_up" if visit_id else "book",
            service="scheduling",
            path=f"/v1/placements/{shown['referral_id']}/{command}",
            body=json.dumps(wanted).encode(),
            referral=shown["referral_id"],
            visit_id=visit_id,
            seen=shown["version"],
            key=f"{name}-{shown['referral_id']}",
        )
