"""How a collection is counted: all of it at one moment, or by indexes what is open in it.

A field that somebody spoiled counts as nothing: the database would refuse the sum of all others, too.
"""

from datetime import UTC, datetime
from typing import Any

from shared.contracts.envelope import SERVICES
from shared.ports import Stored

_AT_ANY_TIME = {"$gte": datetime(1, 1, 1, tzinfo=UTC)}


def _or_else(field: str, kind: str, other: Any) -> Stored:
    """A field where it is of that kind, else the other value."""
    return {"$cond": [{"$eq": [{"$type": field}, kind]}, field, other]}


_OUTBOX, _CALLS = (_or_else(field, "array", []) for field in ("$outbox", "$calls"))
_LIVE = {"$size": {"$filter": {"input": _CALLS, "cond": {"$ne": ["$$this.call", None]}}}}
TOTALS: Stored = {
    "_id": None,
    "documents": {"$sum": 1},
    "told": {"$sum": "$told"},
    "unpublished": {"$sum": {"$cond": [{"$gt": [{"$size": _OUTBOX}, 0]}, 1, 0]}},
    "parked": {"$sum": {"$cond": [{"$eq": ["$is_parked", True]}, 1, 0]}},
    "calls": {"$sum": _LIVE},
    "next_wake_at": {"$min": _or_else("$wake_at", "date", None)},
    **{f"seen_{s}": {"$sum": f"$seen.{s}"} for s in SERVICES},
}
"""One group of all documents."""

UNPUBLISHED: Stored = {"unpublished_at": _AT_ANY_TIME}
IS_PARKED: Stored = {"is_parked": True}
LIVE_CALLS: list[Stored] = [
    {"$match": {"calls.call.at": _AT_ANY_TIME}},
    {"$group": {"_id": None, "calls": {"$sum": _LIVE}}},
]
NEXT_WAKES: list[Stored] = [
    {"$match": {"slot": {"$gte": 0}, "wake_at": _AT_ANY_TIME}},
    {"$sort": {"slot": 1, "wake_at": 1}},
    {"$group": {"_id": "$slot", "at": {"$first": "$wake_at"}}},
]
"""The first of each slot: the database skips from one slot to the next in the index."""
