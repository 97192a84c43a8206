"""Plays a story on a running platform: sends orders, moves time, and checks that every referral is accounted for."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from deploy.cli import outcome, screen
from deploy.cli.exits import Failure
from deploy.cli.feed import Account
from deploy.cli.player import Plan, Player, look, patiently
from deploy.cli.reach import Reach, reaching
from deploy.platform.addresses import Addresses
from shared.mongo import MongoClock, connect
from shared.settings import ClockSettings, MongoSettings

_SUMMARY_EVERY_S: Final = 1.0
_FIRST_HOUR: Final = 14
"""In UTC: morning or noon in every American zone."""


@dataclass(frozen=True)
class Story:
    """The orders to send, later acts, and the days to play."""

    send: Callable[[Reach, datetime], Awaitable[Account]]
    plans: Callable[[Reach, Account, datetime], Sequence[Plan]]
    days: int


async def play(addresses: Addresses, story: Story, start: datetime | None = None) -> dict[str, Any]:
    """Play it, from next Monday or from `start`, and return what became of it all.

    Raises Failure when the platform does not let its time be moved.
    """
    if addresses.mongo_uri is None:
        raise Failure("Only a platform on this machine lets its time be moved.", "Use: throughline demo")
    settings = MongoSettings.model_validate({"uri": addresses.mongo_uri})
    clock = MongoClock(connect(settings), ClockSettings(movable=True))
    async with reaching(addresses) as reach:
        start = start or monday(await patiently(clock.read))
        watcher = _Watcher(reach, start, story.days)
        player = Player(clock, partial(look, reach), watcher.on_move, f"Look at its log in {addresses.logs}.")
        await player.begin(start)
        before = await reach.get("tracking", "/v1/summary")
        began = time.monotonic()
        account = await story.send(reach, start)
        with screen.progress("Playing time") as watcher.moved:
            await player.play(start + timedelta(days=story.days), story.plans(reach, account, start))
        played_s = time.monotonic() - began
        told = await outcome.gather(reach, account, player.moves, before)
        return {"seconds": round(played_s, 1), "jumps": len(player.moves), "started_at": start, **told}


def monday(now: datetime) -> datetime:
    """The next Monday morning: the same start for every story that is played within a week."""
    morning = now.replace(hour=_FIRST_HOUR, minute=0, second=0, microsecond=0)
    return morning + timedelta(days=7 - now.weekday())


@dataclass
class _Watcher:
    """Shows the date of the story. Asks tracking at most once a second how many referrals are closed."""

    reach: Reach
    start: datetime
    days: int
    moved: Callable[[float, str], None] = lambda _share, _beside: None
    _asked_at: float = 0.0
    _counts: str = ""

    async def on_move(self, instant: datetime) -> None:
        """Show the new date."""
        if time.monotonic() - self._asked_at > _SUMMARY_EVERY_S:
            self._asked_at = time.monotonic()
            self._counts = await self._ask()
        share = (instant - self.start) / timedelta(days=self.days)
        self.moved(share, f"{instant:%a %d %b %H:%M}{self._counts}")

    async def _ask(self) -> str:
        try:
            summary = await self.reach.get("tracking", "/v1/summary")
        except Failure:
            return self._counts
        return f", {summary['closed']} closed, {summary['open']} open"
