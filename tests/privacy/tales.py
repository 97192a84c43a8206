"""The stories that together go every way a referral can go: each has a canary in every field."""

from collections.abc import Mapping
from typing import Any

from services.authorization.api.bodies import CoverageIn, DecisionIn
from services.intake.api.own import OwnOrder
from services.intake.api.review import OrderReviewIn
from shared.identity import Role
from tests.privacy.canaries import planted
from tests.privacy.fhir import bundle
from tests.privacy.filling import filled
from tests.privacy.outside import Way
from tests.privacy.playing import Deed, Tale

REASON = {"system": "throughline", "code": "somebody-said-so"}
GRANTED = {"start": "2026-03-02", "end": "2026-06-30"}
PARKED = "parked"
"""One seal of it cannot be opened where it should be."""
NOBODY_ANSWERS = {"reached": False, "outcome": "no_answer"}


def order(mark: str, *left_out: str, **instead: Any) -> dict[str, Any]:
    """An order with a canary in every field, but for those that are left out."""
    whole = filled(OwnOrder, mark, **instead)
    return {name: value for name, value in whole.items() if name not in left_out}


def _without_phone(mark: str, *left_out: str) -> dict[str, Any]:
    whole = order(mark, *left_out)
    whole["patient"] = {name: value for name, value in whole["patient"].items() if name not in ("phone", "email")}
    return whole


def _by_text_alone(mark: str) -> dict[str, Any]:
    whole = order(mark)
    whole["patient"] = {name: value for name, value in whole["patient"].items() if name != "email"}
    return whole


def _medicare(mark: str) -> dict[str, Any]:
    """By a payer that we list under this name."""
    return order(mark, coverage=[{"payer_name": "Medicare", "member_id": planted(f"{mark}m"), "plan": planted("p")}])


def _on_hold(mark: str) -> dict[str, Any]:
    """The Bundle, with its order on hold."""
    whole = bundle(mark)
    first, *others = whole["entry"]
    held = {**first, "resource": {**first["resource"], "status": "on-hold"}}
    return {**whole, "entry": [held, *others]}


TALES: Mapping[str, Tale] = {
    "completed": Tale(order("a")),
    "by a listed payer": Tale(_medicare("b"), Way(decisions=("A4", "A1"), sms="undelivered")),
    "denied": Tale(
        order("c"),
        Way(decisions=("A3",)),
        (Deed(60, Role.CLINICIAN, "authorization", "/v1/cases/{referral_id}/override", {"reason": REASON}),),
    ),
    "person needed": Tale(
        order("d"),
        Way(decisions=("CT",)),
        (
            Deed(
                60,
                Role.NURSE,
                "authorization",
                "/v1/cases/{referral_id}/decision",
                filled(DecisionIn, "d", action="A1", window=GRANTED, decision_due_at=None, reason=None),
            ),
        ),
    ),
    "missed": Tale(order("e"), Way(needed="N", outcomes=("missed", "fulfilled"))),
    "declined": Tale(order("f"), Way(office=("declined", "accepted"), sms="silence")),
    "cancelled": Tale(
        order("g"),
        Way(outcomes=("",), sms="undelivered"),
        (
            Deed(
                50,
                Role.COORDINATOR,
                "scheduling",
                "/v1/placements/{referral_id}/visit-cancellation",
                {"visit_id": "{visit_id}", "reason": REASON},
            ),
            Deed(
                90,
                Role.COORDINATOR,
                "intake",
                "/v1/referrals/{referral_id}/cancellation",
                {"asked_by": "patient", "reason": REASON},
            ),
        ),
    ),
    "withdrawn": Tale(
        order("h"),
        Way(decisions=("A4",)),
        (
            Deed(
                30,
                Role.CLINICIAN,
                "intake",
                "/v1/referrals/{referral_id}/closing",
                {"outcome": "care_elsewhere", "reason": REASON},
            ),
        ),
    ),
    "not covered": Tale(
        order("i"),
        Way(covered="6"),
        (
            Deed(
                60,
                Role.LEAD,
                "authorization",
                "/v1/cases/{referral_id}/coverage",
                filled(CoverageIn, "i"),
            ),
        ),
    ),
    "incomplete": Tale(_without_phone("j", "diagnoses", "requester", "coverage"), Way(needed="N")),
    "never completed": Tale(_without_phone("k", "diagnoses", "coverage"), Way(supplies=False)),
    "unreachable": Tale(
        _by_text_alone("l"),
        Way(needed="N", sms="refused"),
        tuple(
            Deed(hours, Role.NURSE, "notifications", "/v1/conversations/{referral_id}/contact", NOBODY_ANSWERS)
            for hours in (40, 44, 48)
        ),
    ),
    "garbled": Tale(order("m"), Way(garbled=True, sms="garbled")),
    "silent": Tale(order("n"), Way(office=("",), decisions=("A4", "A3"))),
    "as a Bundle": Tale(bundle("q"), door="/fhir/R4"),
    PARKED: Tale(
        order("p"),
        deeds=(
            Deed(
                30,
                Role.OPERATOR,
                "notifications",
                "/v1/parked/discard",
                {"key": "{referral_id}", "service": "intake", "sequence": 1},
            ),
        ),
    ),
    "too late": Tale(order("r", needed_by="2026-03-02T12:00:00Z", expires_at="2026-03-03T12:00:00Z")),
    "changed": Tale(
        order("s"),
        Way(decisions=("A3",)),
        deeds=(
            Deed(2, Role.CLINICIAN, "intake", "/v1/referrals", order("s", priority="urgent")),
            Deed(
                4,
                Role.COORDINATOR,
                "intake",
                "/v1/referrals/{referral_id}/order-review",
                filled(OrderReviewIn),
            ),
        ),
    ),
    "on hold": Tale(
        bundle("t"),
        Way(decisions=("A3",)),
        deeds=(
            Deed(1, Role.CLINICIAN, "intake", "/fhir/R4", _on_hold("t")),
            Deed(3, Role.CLINICIAN, "intake", "/fhir/R4", bundle("t")),
        ),
        door="/fhir/R4",
    ),
    "no report": Tale(order("o"), Way(reports=False, needed="N")),
}
"""By what becomes of them."""
