"""The doors of the services: one entry per route by which something is asked for. That none is missing is tested."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from services.authorization.gateways import Callbacks
from tests.simulation.histories import bodies
from tests.simulation.histories.bodies import Bodies, Sent
from tests.simulation.histories.people import Person
from tests.support.five_services.keyrings import keyring
from tests.support.five_services.plans import SMS_TOKEN, address_of
from tests.support.outside.sms_gateway import receipt


@dataclass(frozen=True)
class Door:
    """A route: its service, its path, the action that shows as allowed, who uses it, and what is sent."""

    service: str
    path: str
    action: str | None
    roles: Sequence[str]
    body: Bodies


_IN = "/v1/referrals/{referral_id}"
_OF_CASE = "/v1/cases/{referral_id}"
_OF_PLACEMENT = "/v1/placements/{referral_id}"
_OF_LIST = "/v1/worklist/{referral_id}"
_ANYBODY = ("coordinator", "lead", "nurse")
PAYER_CALLBACK, SMS_CALLBACK = "/v1/payer-callbacks/{payer_id}", "/v1/sms-callbacks"
DOORS: Sequence[Door] = (
    Door("intake", f"{_IN}/information", "supply_information", ("coordinator", "nurse"), bodies.information),
    Door("intake", f"{_IN}/reports", "record_report", ("specialist", "coordinator"), bodies.report),
    Door("intake", f"{_IN}/report-match", "match_report", ("coordinator", "nurse"), bodies.report_match),
    Door("intake", f"{_IN}/pathway", "choose_pathway", _ANYBODY, bodies.pathway),
    Door("intake", f"{_IN}/order-review", "review_order", ("coordinator", "lead"), bodies.order_review),
    Door("intake", f"{_IN}/acknowledgement", "acknowledge", ("clinician", "coordinator"), bodies.acknowledgement),
    Door("intake", f"{_IN}/cancellation", "cancel", ("coordinator", "lead"), bodies.cancellation),
    Door("intake", f"{_IN}/closing", "close", ("lead", "clinician"), bodies.closing),
    Door("authorization", f"{_OF_CASE}/decision", "record_decision", ("coordinator", "nurse"), bodies.payer_decision),
    Door("authorization", f"{_OF_CASE}/eligibility", "verify_coverage", ("coordinator", "nurse"), bodies.eligibility),
    Door("authorization", f"{_OF_CASE}/records", "confirm_records_sent", ("coordinator", "nurse"), bodies.nothing),
    Door("authorization", f"{_OF_CASE}/peer-to-peer", "record_peer_to_peer", ("clinician",), bodies.peer_to_peer),
    Door("authorization", f"{_OF_CASE}/override", "override", ("clinician", "lead"), bodies.because),
    Door("authorization", f"{_OF_CASE}/resubmission", "resubmit", ("coordinator", "nurse"), bodies.nothing),
    Door("authorization", f"{_OF_CASE}/withdrawal", "confirm_withdrawal", ("coordinator", "nurse"), bodies.nothing),
    Door("authorization", f"{_OF_CASE}/self-pay", "continue_self_pay", ("coordinator", "lead"), bodies.nothing),
    Door("authorization", f"{_OF_CASE}/coverage", "correct_coverage", ("coordinator", "lead"), bodies.coverage),
    Door("authorization", PAYER_CALLBACK, None, ("payer",), bodies.payer_callback),
    Door("scheduling", f"{_OF_PLACEMENT}/answer", "answer_request", ("coordinator", "specialist"), bodies.answer),
    Door("scheduling", f"{_OF_PLACEMENT}/provider", "choose_provider", ("coordinator", "lead"), bodies.provider),
    Door("scheduling", f"{_OF_PLACEMENT}/booking", "book_visit", ("coordinator", "specialist"), bodies.booking),
    Door(
        "scheduling",
        f"{_OF_PLACEMENT}/visit-cancellation",
        "cancel_visit",
        ("coordinator", "specialist"),
        bodies.visit_cancellation,
    ),
    Door("scheduling", f"{_OF_PLACEMENT}/outcome", "record_outcome", ("coordinator", "specialist"), bodies.outcome),
    Door("scheduling", f"{_OF_PLACEMENT}/appointment", "confirm_appointment", ("coordinator",), bodies.appointment),
    Door("notifications", "/v1/conversations/{referral_id}/contact", "record_contact", _ANYBODY, bodies.contact),
    Door("notifications", SMS_CALLBACK, None, ("gateway",), bodies.receipt),
    Door("tracking", f"{_OF_LIST}/claim", "claim", _ANYBODY, bodies.nothing),
    Door("tracking", f"{_OF_LIST}/release", "release", _ANYBODY, bodies.nothing),
    Door("tracking", f"{_OF_LIST}/note", "note", _ANYBODY, bodies.note),
)


def knock(door: Door, sent: Sent, person: Person, idempotency_key: str) -> httpx2.Request:
    """The request of somebody."""
    url, body = f"{address_of(door.service)}{door.path}", door.body(sent)
    if door.path == SMS_CALLBACK:
        form = {name: value for name, value in body.items() if name != "message"}
        return receipt(SMS_TOKEN, f"{url}?message={body['message']}", form)
    payer = _payer(sent) if door.path == PAYER_CALLBACK else None
    path = url.format(referral_id=sent.key, payer_id=payer)
    if payer is not None:
        path = Callbacks(keyring("authorization")).address(path, sent.key, payer, body["request_id"])
    headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": idempotency_key}
    return httpx2.Request("POST", path, json=body, headers=headers)


def _payer(sent: Sent) -> str:
    case = sent.house.state("authorization", sent.key)
    asked = [asked.payer for asked in reversed(case.asked)] if case else []
    return str(sent.choose([*asked, "medicare"]))
