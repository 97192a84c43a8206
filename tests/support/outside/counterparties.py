"""Payers, offices and the EHR: what they say at once to what is filed with them under an id, and what they tell later.

How they behave, how long they take and what they say beside is the script of who plays them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

Body = Mapping[str, Any]
CERTIFYING = ("A1", "A2", "A6")
WINDOW = timedelta(days=60)


@dataclass
class Filed:
    """What is filed under an id: with whom, what was asked, what it says now, and whether it stands."""

    kind: str
    keeper: str
    id: str
    asked: Body
    says: Body
    is_alive: bool = True
    number: int = 1


class Script(Protocol):
    """How the outside behaves towards what is filed."""

    def behaves(self, filed: Filed, purpose: str) -> str:
        """What it does for a purpose: a kind of what is filed, or "report"; nothing is silence."""

    def takes(self, filed: Filed, purpose: str, low: int, high: int) -> timedelta:
        """How long that takes, in hours from low to high."""

    def supplies(self, code: str, referral_id: str) -> Any:
        """What a referral lacked."""

    def says(self, filed: Filed, purpose: str, body: Body) -> Body:
        """A decision, an answer or a report, with whatever is said beside."""


Promise = Callable[[Filed, datetime, Body, str, Body], None]
"""At an instant the filed thing says something else, and tells a URL with a body."""
Take = Callable[[Filed, datetime, Script, Promise], None]


def certified(asked: Body, starts: date, window: timedelta = WINDOW, units: int = 1) -> Body:
    """An item that a payer certifies as it was asked for."""
    named = {name: asked[name] for name in ("service_ref", "provider_ref", "site_ref")}
    return {**named, "window": {"start": starts.isoformat(), "end": (starts + window).isoformat()}, "units": units}


def _take_authorization(filed: Filed, now: datetime, script: Script, promise: Promise) -> None:
    first, *later = script.behaves(filed, filed.kind).split()
    received = {"request_id": filed.id, "received_at": now.isoformat(), "reference": f"REF-{filed.id[:8]}"}
    filed.says = {**received, **_decided(filed, script, first, 1, now)}
    for number, action in enumerate(later, 2):
        at = now + script.takes(filed, "decision", 1, 100)
        says = _decided(filed, script, action, number, at)
        told = {**received, **says, "referral_id": filed.asked["referral_id"]}
        promise(filed, at, says, filed.asked["callback_url"], told)


def _decided(filed: Filed, script: Script, action: str, number: int, at: datetime) -> Body:
    items = {"items": [certified(filed.asked, at.date())]} if action in CERTIFYING else {}
    return script.says(filed, "decision", {"action": action, "number": number, **items})


def _take_request(filed: Filed, now: datetime, script: Script, promise: Promise) -> None:
    answers = script.behaves(filed, filed.kind)
    filed.says = {"request_id": filed.id, "status": "received"}
    if answers:
        body = script.says(filed, "answer", {"request_id": filed.id, "accepted": answers == "accepted"})
        at = now + script.takes(filed, "answer", 0, 30)
        promise(filed, at, {"status": answers}, filed.asked["answer_url"], body)


def _take_appointment(filed: Filed, now: datetime, script: Script, promise: Promise) -> None:
    del now
    ends_at = datetime.fromisoformat(filed.asked["start"]) + timedelta(minutes=filed.asked["minutes"])
    filed.says = {"visit_id": filed.id, "status": "booked"}
    outcome = script.behaves(filed, filed.kind)
    if outcome:
        body = {"visit_id": filed.id, "outcome": outcome, "evidence_ref": f"ev-{filed.id}"}
        at = ends_at + script.takes(filed, "outcome", 0, 40)
        promise(filed, at, {"status": outcome}, filed.asked["outcome_url"], body)
    for n, kind in enumerate(script.behaves(filed, "report").split() if outcome == "fulfilled" else ()):
        report = {"report_id": f"rp-{filed.id}-{n}", "kind": kind, "visit_id": filed.id, "document_ref": "shelf 7"}
        at = ends_at + script.takes(filed, f"report {n}", 20, 400)
        promise(filed, at, {}, filed.asked["report_url"], script.says(filed, "report", report))


def _take_information_request(filed: Filed, now: datetime, script: Script, promise: Promise) -> None:
    filed.says = {"request_id": filed.id, "status": "received"}
    if script.behaves(filed, filed.kind):
        referral_id = filed.asked["referral_id"]
        items = [{"code": code, "value": script.supplies(code, referral_id)} for code in filed.asked["items"]]
        at = now + script.takes(filed, "supply", 0, 60)
        promise(filed, at, {}, filed.asked["answer_url"], {"request_id": filed.id, "items": items})


def _take_report(filed: Filed, now: datetime, script: Script, promise: Promise) -> None:
    filed.says = {"report_id": filed.id, "status": "received"}
    if script.behaves(filed, filed.kind):
        at = now + script.takes(filed, "acknowledgement", 1, 100)
        promise(filed, at, {}, filed.asked["answer_url"], {"report_id": filed.id})


TAKES: Mapping[str, Take] = {
    "authorizations": _take_authorization,
    "requests": _take_request,
    "appointments": _take_appointment,
    "information-requests": _take_information_request,
    "reports": _take_report,
}
"""What is done with what is filed, by its kind."""
