"""Payers: they say who is covered, and certify, pend or deny what is asked of them.

In the words of X12: 271 EB01 and 278 review actions (code list 306). Any payer id is a payer. Denial reasons and
asked-for records are invented codes, since the real lists are licensed.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from deploy.simulators.behaviour import digest
from deploy.simulators.callbacks import CallbackUrl
from deploy.simulators.endpoint import Endpoint
from deploy.simulators.journal import Body, Record
from deploy.simulators.office_hours import opening
from deploy.simulators.scenario import IncomingCall
from deploy.simulators.schedule import ScheduledCallback
from shared.web import body

REASON_SYSTEM = "urn:throughline:simulated-payer:reason"
DENIAL_REASONS = ("not-medically-necessary", "alternative-not-tried", "records-insufficient", "not-a-benefit")
MESSAGE = "Send the records by our portal; name this request."
RECORDS = ("history-and-physical", "imaging-report", "treatment-history")
EB01 = {"active": "1", "inactive": "6", "cannot_process": "V"}
FIRST = {
    "certify": "A1",
    "pend_then_certify": "A4",
    "pend_then_deny": "A4",
    "pend_for_ever": "A4",
    "deny": "A3",
    "certify_in_part": "A2",
    "modify": "A6",
    "contact_payer": "CT",
    "no_action_required": "NA",
    "unheard_of": "Z9",
}
LATER = {"pend_then_certify": "A1", "pend_then_deny": "A3"}
# CMS-0057-F: 7 calendar days, 72 hours when expedited.
DECISION_DUE = {"standard": timedelta(days=7), "expedited": timedelta(hours=72)}
DECISION_HOURS = {"standard": (24, 96), "expedited": (4, 20)}
GRANTED = {"A1": (3, 90), "A2": (1, 90), "A6": (1, 30)}
"""Certified units and days, by review action."""


class EligibilityCheck(BaseModel):
    """A 270 in small. The member's number is used to find a forced behaviour for it, and not kept.

    A dependent is known by the subscriber's number, the relationship to them and a number of their own.
    """

    check_id: str
    member_id: str
    subscriber_id: str | None = None
    group: str | None = None
    relationship: str | None = None
    dependent: str | None = None
    service_type: str
    valid_on: date


class Submission(BaseModel):
    """A 278 in small; what is not named here is not read."""

    referral_id: str
    urgency: Literal["standard", "expedited"] = "standard"
    service_ref: str
    provider_ref: str
    site_ref: str
    callback_url: CallbackUrl


@dataclass(frozen=True, slots=True)
class Case:
    """One submission at the payer, and when it came."""

    request_id: str
    submission: Submission
    received_at: datetime


def routes(endpoint: Endpoint, entry: Any) -> APIRouter:
    """What a payer offers at /payers/{payer_id}; `entry` says who is let in."""
    router = APIRouter(prefix="/payers/{payer_id}", tags=["payer"], dependencies=[entry])
    _add_eligibility(router, endpoint)
    _add_authorizations(router, endpoint)
    return router


def _add_eligibility(router: APIRouter, endpoint: Endpoint) -> None:
    @router.post("/eligibility")
    async def check_eligibility(
        payer_id: str, check: Annotated[EligibilityCheck, body(EligibilityCheck)], request: Request
    ) -> Response:
        call = IncomingCall("payer", "eligibility", check.check_id, "sends")
        return await endpoint.answer(request, call, lambda: _check(endpoint, payer_id, check))


def _add_authorizations(router: APIRouter, endpoint: Endpoint) -> None:
    @router.put("/authorizations/{request_id}")
    async def submit(
        payer_id: str, request_id: str, submission: Annotated[Submission, body(Submission)], request: Request
    ) -> Response:
        call = _call(request_id, "sends")
        return await endpoint.answer(request, call, lambda: _take(endpoint, payer_id, request_id, submission))

    @router.get("/authorizations/{request_id}")
    async def inquire(payer_id: str, request_id: str, request: Request) -> Response:
        return await endpoint.answer(
            request, _call(request_id, "asks"), lambda: _inquire(endpoint, payer_id, request_id)
        )

    @router.delete("/authorizations/{request_id}")
    async def cancel(payer_id: str, request_id: str, request: Request) -> Response:
        call = _call(request_id, "withdrawals")
        return await endpoint.answer(request, call, lambda: _cancel(endpoint, payer_id, request_id))


def _call(request_id: str, act: Literal["sends", "asks", "withdrawals"]) -> IncomingCall:
    return IncomingCall("payer", "authorization", request_id, act)


def _check(endpoint: Endpoint, payer_id: str, check: EligibilityCheck) -> Response:
    names = (check.check_id, check.member_id)
    coverage = endpoint.behaviour("eligibility", *names)
    is_active = coverage == "active"
    answer = {
        "check_id": check.check_id,
        "eb01": EB01[coverage],
        "auth_required": endpoint.behaviour("auth_required", *names) if is_active else "U",
        "in_network": endpoint.behaviour("in_network", *names) if is_active else "U",
        "plan_ref": f"{payer_id}-plan-{endpoint.between('plan', check.check_id, (1, 3))}",
    }
    return endpoint.take(Record("eligibility", check.check_id, payer_id, answer), (), HTTPStatus.OK)


def _take(endpoint: Endpoint, payer_id: str, request_id: str, submission: Submission) -> Response:
    case = Case(request_id, submission, endpoint.clock.now())
    behaviour = endpoint.behaviour("authorization", request_id, submission.referral_id)
    first = _answer(endpoint, case, FIRST[behaviour], 1, case.received_at)
    callbacks = [_decision(endpoint, case, LATER[behaviour])] if behaviour in LATER else []
    return endpoint.take(Record("authorization", request_id, payer_id, first), callbacks, HTTPStatus.CREATED)


def _decision(endpoint: Endpoint, case: Case, action: str) -> ScheduledCallback:
    hours = endpoint.between("decision_hours", case.request_id, DECISION_HOURS[case.submission.urgency])
    decided_at = opening(case.received_at + timedelta(hours=hours))
    answer = _answer(endpoint, case, action, 2, decided_at)
    return ScheduledCallback(
        due_at=decided_at,
        kind="authorization",
        identifier=case.request_id,
        url=case.submission.callback_url,
        body={**answer, "referral_id": case.submission.referral_id},
        becomes=answer,
    )


def _answer(endpoint: Endpoint, case: Case, action: str, number: int, decided_at: datetime) -> Body:
    answer: Body = {
        "request_id": case.request_id,
        "number": number,
        "reference": f"SIM-{digest('reference', case.request_id)[:12].upper()}",
        "received_at": case.received_at.isoformat(),
        "action": action,
    }
    if action == "A4":
        return answer | _pend(endpoint, case)
    if action in GRANTED:
        answer["items"] = [_item(case.submission, action, decided_at.date())]
    if action == "A3":
        which = endpoint.between("denial_reason", case.request_id, (0, len(DENIAL_REASONS) - 1))
        answer["reason"] = {"system": REASON_SYSTEM, "code": DENIAL_REASONS[which]}
    return answer | {"human_reviewed": number > 1 or action == "A3"}


def _pend(endpoint: Endpoint, case: Case) -> Body:
    """The clock of the decision; one pend in four asks for records."""
    due_at = case.received_at + DECISION_DUE[case.submission.urgency]
    which = endpoint.between("records", case.request_id, (0, 4 * len(RECORDS) - 1))
    wanted = {"asked_for": [RECORDS[which]], "message": MESSAGE} if which < len(RECORDS) else {}
    return {"decision_due_at": due_at.isoformat()} | wanted


def _item(submission: Submission, action: str, start: date) -> Body:
    units, days = GRANTED[action]
    return {
        "service_ref": submission.service_ref,
        "window": {"start": start.isoformat(), "end": (start + timedelta(days=days)).isoformat()},
        "units": units,
        "provider_ref": submission.provider_ref,
        "site_ref": submission.site_ref,
    }


def _inquire(endpoint: Endpoint, payer_id: str, request_id: str) -> Response:
    return JSONResponse(endpoint.find("authorization", request_id, payer_id).body)


def _cancel(endpoint: Endpoint, payer_id: str, request_id: str) -> Response:
    record = endpoint.find("authorization", request_id, payer_id)
    kept = {name: record.body[name] for name in ("request_id", "reference", "received_at")}
    return endpoint.withdraw(record, {**kept, "number": record.body["number"] + 1, "action": "C"}, ("authorization",))
