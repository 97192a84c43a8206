"""Every save goes forward: states follow their paths, ends stay ended, and nothing is decided before its time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from shared.engine import Decider
from shared.ports import Stored
from tests.simulation.services.rules.known import COLLECTIONS, DAYS
from tests.simulation.services.rules.later import begun_while_held

CLOCKS_DIFFER = timedelta(seconds=5)
State = Mapping[str, Any]
Read = Callable[[], Any]
"""Reads what a save made of a state as its domain has it."""
BEFORE_PROGRESS = frozenset({"received", "awaiting_information", "awaiting_pathway"})
LEADS_BACK: Mapping[str, frozenset[str]] = {
    "received": frozenset(),
    "awaiting_information": frozenset({"received"}),
    "awaiting_pathway": frozenset({"received", "awaiting_information"}),
    "in_progress": BEFORE_PROGRESS,
    "winding_down": BEFORE_PROGRESS | {"in_progress"},
    "awaiting_report": BEFORE_PROGRESS | {"in_progress"},
    "awaiting_acknowledgement": BEFORE_PROGRESS | {"in_progress", "awaiting_report"},
    "closed": BEFORE_PROGRESS | {"in_progress", "winding_down", "awaiting_report", "awaiting_acknowledgement"},
}
"""Per situation of a referral, those that it was in before and never is in again."""
FATES: Mapping[str, frozenset[str]] = {
    "booked": frozenset({"booked", "cancelled", "moved", "missed", "fulfilled"}),
    "missed": frozenset({"missed", "fulfilled"}),
    "cancelled": frozenset({"cancelled"}),
    "moved": frozenset({"moved"}),
    "fulfilled": frozenset({"fulfilled"}),
}
"""Per fate of a visit, what may become of it: an office may find that who seemed to have missed it was there."""
STAYS: Mapping[str, Sequence[str]] = {
    "intake": ("seen_at_visit",),
    "authorization": ("is_received", "is_complete", "is_overridden", "is_used"),
    "scheduling": ("order", "is_complete", "ended", "fulfilled"),
    "notifications": ("cancelled_at", "is_closed", "is_silent"),
    "tracking": (),
}
"""Per service what is never taken back once it is so."""
ENDINGS = ("open", "cancelled", "closed")


def wrong_path(decider: Decider, collection: str, before: Stored | None, after: Stored, now: datetime) -> list[str]:
    """What is wrong with a save that lands now; the decider reads its state."""
    found = [
        f"tells {entry['type']} of {entry['time']}"
        for entry in after["outbox"]
        if entry["n"] > (before["entries"] if before else 0) and entry["time"] > now + CLOCKS_DIFFER
    ]
    if collection == DAYS:
        found += _day(after)
    service = next((name for name, known in COLLECTIONS.items() if known == collection), None)
    if service is None or before is None:
        return found
    was, is_ = before["state"], after["state"]
    found += [f"takes back {name}" for name in STAYS[service] if was.get(name) and not is_.get(name)]
    found += begun_while_held(was, is_, is_asked=after["answered"] != before["answered"])
    return found + (
        _PATHS[service](was, is_, partial(decider.decode, is_, after["schema"])) if service in _PATHS else []
    )


def _day(after: Stored) -> list[str]:
    """No claims of two placements meet, at no moment: neither those of visits that were cancelled since."""
    claims = sorted((c["starts_at"], c["ends_at"], c["placement_id"]) for c in after["state"]["claims"])
    return [f"claims of {a[2]} and {b[2]} meet" for a, b in pairwise(claims) if b[0] < a[1] and a[2] != b[2]]


def _referral(was: State, is_: State, _read: Read) -> list[str]:
    one, other = was["situation"], is_["situation"]
    return [f"goes from {one} back to {other}"] if other in LEADS_BACK.get(one, ()) else []


def _case(was: State, is_: State, _read: Read) -> list[str]:
    one, other = was["ending"], is_["ending"]
    return [f"goes from {one} back to {other}"] if ENDINGS.index(other) < ENDINGS.index(one) else []


def _placement(was: State, is_: State, read: Read) -> list[str]:
    fates, known = ({v["visit_id"]: v["fate"] for v in state["visits"]} for state in (is_, was))
    found = [
        f"takes a visit from {was_} to {fates.get(id_)}" for id_, was_ in known.items() if _turned(was_, fates, id_)
    ]
    booked = [id_ for id_, fate in fates.items() if fate == "booked"]
    if len(booked) > 1:
        found.append(f"holds {len(booked)} visits")
    return found + _without_leave(read, set(booked) - set(known))


def _turned(was: str, fates: Mapping[str, str], visit_id: str) -> bool:
    return fates.get(visit_id) not in FATES[was]


def _without_leave(read: Read, new: set[str]) -> list[str]:
    """Leave is looked at in the write that books, and in no earlier one."""
    if not new:
        return []
    placement = read()
    slots = [visit.attempt.slot for visit in placement.visits if visit.visit_id in new]
    return [f"books {slot} with {placement.leave}" for slot in slots if not placement.leave.covers(slot)]


def _conversation(was: State, is_: State, _read: Read) -> list[str]:
    delivered = [n for n, message in enumerate(was["messages"]) if message["status"] == "delivered"]
    return [f"forgets that message {n + 1} arrived" for n in delivered if is_["messages"][n]["status"] != "delivered"]


_PATHS: Mapping[str, Callable[[State, State, Read], list[str]]] = {
    "intake": _referral,
    "authorization": _case,
    "scheduling": _placement,
    "notifications": _conversation,
}
