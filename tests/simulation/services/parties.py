"""How payers, offices and the EHR behave: a function of the identifier, so that it is the same whatever was killed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.platform.telephones import KEPT, telephone
from deploy.simulators.behaviour import between, draw
from tests.support.outside.ehr import SUPPLIES

Body = Mapping[str, Any]
SEED = "simulation"
SHARES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "eligibility": (("1", 85), ("6", 8), ("V", 7)),
    "auth_required": (("Y", 70), ("N", 20), ("U", 10)),
    "authorizations": (
        ("A1", 40),
        ("A4 A1", 25),
        ("A4 A3", 8),
        ("A4", 6),
        ("A3", 7),
        ("A2", 4),
        ("A6", 3),
        ("CT", 3),
        ("NA", 3),
        ("Z9", 1),
    ),
    "requests": (("accepted", 70), ("declined", 20), ("", 10)),
    "appointments": (("fulfilled", 65), ("missed", 25), ("", 10)),
    "report": (("final", 70), ("interim final", 15), ("", 15)),
    "information-requests": (("supplies", 75), ("", 25)),
    "reports": (("acknowledges", 80), ("", 20)),
    "sms": (("delivered", 80), ("undelivered", 15), ("", 5)),
    "later": (
        ("on-hold active", 9),
        ("on-hold", 3),
        ("on-hold revoked", 3),
        ("changed on-hold active", 2),
        ("same changed", 4),
        ("supplied", 5),
        ("revoked", 5),
        ("entered-in-error", 2),
        ("deceased", 3),
        ("superseded", 3),
        ("", 61),
    ),
}
"""Per kind the behaviours, each with its share in percent; an empty one is silence."""
REASON = {"system": "urn:throughline:simulation", "code": "it-is-so"}


def supplied(code: str, referral_id: str) -> Any:
    """What a referral lacked; a telephone number is the patient's own."""
    if code == "contact":
        return {"phone": telephone(between(SEED, code, referral_id, (0, KEPT - 1)))}
    return SUPPLIES[code]


def behaviour(kind: str, identifier: str) -> str:
    """How the outside behaves towards an identifier."""
    rest = draw(SEED, kind, identifier) * 100
    for name, share in SHARES[kind]:
        rest -= share
        if rest < 0:
            return name
    return SHARES[kind][-1][0]


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

    def in_hours(self, purpose: str, low: int, high: int) -> timedelta:
        """How long somebody takes."""
        return timedelta(hours=between(SEED, purpose, self.id, (low, high)))


Promise = Callable[[Filed, datetime, Body, str, Body], None]
"""At an instant the filed thing says something else, and tells a URL with a body."""
Take = Callable[[Filed, datetime, Promise], None]


def _take_authorization(filed: Filed, now: datetime, promise: Promise) -> None:
    first, _, later = behaviour(filed.kind, filed.id).partition(" ")
    received = {"request_id": filed.id, "received_at": now.isoformat(), "reference": f"REF-{filed.id[:8]}"}
    filed.says = {**received, **_decided(filed, first, 1, now)}
    if later:
        at = now + filed.in_hours("decision", 1, 100)
        says = _decided(filed, later, 2, at)
        told = {**received, **says, "referral_id": filed.asked["referral_id"]}
        promise(filed, at, says, filed.asked["callback_url"], told)


def _decided(filed: Filed, action: str, number: int, at: datetime) -> Body:
    says: dict[str, Any] = {"action": action, "number": number}
    if action == "A3":
        says["reason"] = REASON
    if action in ("A1", "A2", "A6"):
        window = {"start": at.date().isoformat(), "end": (at + timedelta(days=60)).date().isoformat()}
        asked = {name: filed.asked[name] for name in ("service_ref", "provider_ref", "site_ref")}
        says["items"] = [{**asked, "window": window, "units": 1}]
    return says


def _take_request(filed: Filed, now: datetime, promise: Promise) -> None:
    answers = behaviour(filed.kind, filed.id)
    filed.says = {"request_id": filed.id, "status": "received"}
    if answers:
        body = {"request_id": filed.id, "accepted": answers == "accepted"}
        at = now + filed.in_hours("answer", 0, 30)
        promise(filed, at, {"status": answers}, filed.asked["answer_url"], body)


def _take_appointment(filed: Filed, now: datetime, promise: Promise) -> None:
    del now
    ends_at = datetime.fromisoformat(filed.asked["start"]) + timedelta(minutes=filed.asked["minutes"])
    filed.says = {"visit_id": filed.id, "status": "booked"}
    outcome = behaviour(filed.kind, filed.id)
    if outcome:
        body = {"visit_id": filed.id, "outcome": outcome, "evidence_ref": f"ev-{filed.id}"}
        promise(
            filed, ends_at + filed.in_hours("outcome", 0, 40), {"status": outcome}, filed.asked["outcome_url"], body
        )
    for n, kind in enumerate(behaviour("report", filed.id).split() if outcome == "fulfilled" else ()):
        body = {"report_id": f"rp-{filed.id}-{n}", "kind": kind, "visit_id": filed.id, "document_ref": "shelf 7"}
        promise(filed, ends_at + filed.in_hours(f"report {n}", 20, 400), {}, filed.asked["report_url"], body)


def _take_information_request(filed: Filed, now: datetime, promise: Promise) -> None:
    filed.says = {"request_id": filed.id, "status": "received"}
    if behaviour(filed.kind, filed.id):
        items = [{"code": code, "value": supplied(code, filed.asked["referral_id"])} for code in filed.asked["items"]]
        body = {"request_id": filed.id, "items": items}
        promise(filed, now + filed.in_hours("supply", 0, 60), {}, filed.asked["answer_url"], body)


def _take_report(filed: Filed, now: datetime, promise: Promise) -> None:
    filed.says = {"report_id": filed.id, "status": "received"}
    if behaviour(filed.kind, filed.id):
        body = {"report_id": filed.id}
        promise(filed, now + filed.in_hours("acknowledgement", 1, 100), {}, filed.asked["answer_url"], body)


TAKES: Mapping[str, Take] = {
    "authorizations": _take_authorization,
    "requests": _take_request,
    "appointments": _take_appointment,
    "information-requests": _take_information_request,
    "reports": _take_report,
}
"""What is done with what is filed, by its kind."""
