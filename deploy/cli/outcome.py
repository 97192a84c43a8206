"""Collects the results of a story: sums that must agree, and the task of each referral that is not closed."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from deploy.cli.feed import Account
from deploy.cli.later import figures
from deploy.cli.player import Move, real_seconds
from deploy.cli.reach import Reach

_PAGE: Final = 100
_AT_ONCE: Final = 8
_TIMED_AT_MOST: Final = 2000
Document = dict[str, Any]


async def gather(reach: Reach, account: Account, moves: Sequence[Move], before: Mapping[str, Any]) -> Document:
    """Ask tracking and the simulators how it ended. `before` is tracking's summary from before the story."""
    summary = await reach.get("tracking", "/v1/summary")
    waiting = [row async for row in _worklist(reach)]
    new = account.referrals
    return {
        "sent": {
            "sent": account.sent,
            "new": len(new),
            "repeated": account.repeated,
            "changed": account.changed,
            "refused": len(account.refused),
        },
        "later": figures(account),
        "sums": {
            "in": summary["referrals"] - before["referrals"],
            "closed": summary["closed"] - before["closed"],
            "waiting": sum(row["state"] != "closed" for row in waiting) - before["open"],
        },
        "refused_because": _counted(f"{refusal.status} {refusal.code}" for refusal in account.refused),
        "by_state": summary["by_state"],
        "waits_for": summary["waits_for"],
        "tasks": summary["tasks"],
        "waiting": waiting,
        "time_to_told": {"story": summary["time_to_told"], "real": await _real_times(reach, new, moves)},
        "outside": await reach.get("simulators", "/counts"),
    }


def disagreements(document: Document) -> list[str]:
    """The sums that do not agree, in words; none when all is accounted for."""
    sent, sums = document["sent"], document["sums"]
    new = sent["new"] + document["later"]["new"]
    found = []
    if sent["sent"] != sent["new"] + sent["repeated"] + sent["changed"] + sent["refused"]:
        found.append(f"{sent['sent']} were sent, but new, repeated, changed and refused do not add up to that")
    if sums["in"] != new:
        found.append(f"intake took in {new} referrals, but tracking knows {sums['in']}")
    if sums["in"] != sums["closed"] + sums["waiting"]:
        lost = sums["in"] - sums["closed"] - sums["waiting"]
        found.append(f"{lost} of {sums['in']} are neither closed nor waiting for anybody")
    if document["tasks"] < len(document["waiting"]):
        found.append(f"{len(document['waiting'])} referrals wait, but {document['tasks']} tasks are open")
    return found


async def _worklist(reach: Reach) -> AsyncIterator[Document]:
    cursor = None
    while True:
        params = {"limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        page = await reach.get("tracking", "/v1/worklist", params=params)
        for row in page["items"]:
            yield row
        cursor = page["next"]
        if cursor is None:
            return


async def _real_times(reach: Reach, referrals: Sequence[str], moves: Sequence[Move]) -> Document:
    """Real seconds from intake to the first message about a visit."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(referral: str) -> float | None:
        async with slots:
            timeline = await reach.get("tracking", f"/v1/referrals/{referral}/timeline")
            return _real_time(timeline["facts"], moves)

    found = await asyncio.gather(*(one(referral) for referral in referrals[:_TIMED_AT_MOST]))
    times = sorted(seconds for seconds in found if seconds is not None)
    if not times:
        return {"count": 0}
    return {
        "count": len(times),
        "p50_s": round(statistics.median(times), 2),
        "p90_s": round(times[int(0.9 * (len(times) - 1))], 2),
        "max_s": round(times[-1], 2),
    }


def _real_time(facts: Sequence[Mapping[str, Any]], moves: Sequence[Move]) -> float | None:
    def first(type_: str, **said: str) -> datetime | None:
        found = (f for f in facts if f["type"].startswith(type_) and said.items() <= f["said"].items())
        return min((datetime.fromisoformat(fact["occurred_at"]) for fact in found), default=None)

    received = first("org.throughline.referral.received")
    told = first("org.throughline.message.sent", kind="visit_booked")
    return real_seconds(received, told, moves) if received and told else None


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
