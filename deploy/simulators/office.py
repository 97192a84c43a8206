"""Specialists' offices: they accept or decline a referral, see the patient or not, and return the report."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from deploy.simulators.agenda import Promise
from deploy.simulators.behaviour import digest
from deploy.simulators.callbacks import CallbackUrl
from deploy.simulators.desk import Desk
from deploy.simulators.ledger import Body, Record
from deploy.simulators.lookups import add_lookups
from deploy.simulators.office_hours import full_hour, opening
from deploy.simulators.orders import Asked
from shared.web import body

REASON_SYSTEM = "urn:throughline:simulated-office:reason"
DECLINE_REASONS = ("not-accepting-patients", "not-our-specialty", "plan-not-accepted")
ANSWER_HOURS = {"stat": (0, 1), "asap": (1, 2), "urgent": (1, 3), "routine": (2, 8)}
REPORT_DAYS = {"send": (1, 5), "send_late": (12, 25)}


class OfficeRequest(BaseModel):
    """A referral that an office is asked to take."""

    referral_id: str
    priority: Literal["routine", "urgent", "asap", "stat"] = "routine"
    answer_url: CallbackUrl


class Appointment(BaseModel):
    """A visit that was booked at an office."""

    referral_id: str
    start: AwareDatetime
    minutes: int = Field(ge=1, le=24 * 60)
    outcome_url: CallbackUrl
    report_url: CallbackUrl


def routes(desk: Desk, entry: Any) -> APIRouter:
    """What an office offers at /offices/{provider_ref}; `entry` says who is let in."""
    router = APIRouter(prefix="/offices/{keeper}", tags=["office"], dependencies=[entry])

    @router.put("/requests/{identifier}", status_code=HTTPStatus.ACCEPTED)
    async def request_acceptance(
        keeper: str, identifier: str, asked: Annotated[OfficeRequest, body(OfficeRequest)], request: Request
    ) -> Response:
        attempt = Asked("office", "office_request", identifier, "sends")
        return await desk.answer(request, attempt, lambda: _take_request(desk, keeper, identifier, asked))

    @router.put("/appointments/{identifier}", status_code=HTTPStatus.CREATED)
    async def book(
        keeper: str, identifier: str, asked: Annotated[Appointment, body(Appointment)], request: Request
    ) -> Response:
        attempt = Asked("office", "visit", identifier, "sends")
        return await desk.answer(request, attempt, lambda: _take_appointment(desk, keeper, identifier, asked))

    add_lookups(router, desk, "office", "/requests/{identifier}", ("office_request",))
    add_lookups(router, desk, "office", "/appointments/{identifier}", ("visit", "report"))
    return router


def _take_request(desk: Desk, keeper: str, request_id: str, asked: OfficeRequest) -> Response:
    record = Record("office_request", request_id, keeper, {"request_id": request_id, "status": "received"})
    return desk.take(record, _answers(desk, request_id, asked), HTTPStatus.ACCEPTED)


def _answers(desk: Desk, request_id: str, asked: OfficeRequest) -> list[Promise]:
    behaviour = desk.behaviour("office_request", request_id, asked.referral_id)
    if behaviour == "stay_silent":
        return []
    answer: Body = {"request_id": request_id, "accepted": behaviour == "accept"}
    if behaviour == "decline":
        which = desk.between("decline_reason", request_id, (0, len(DECLINE_REASONS) - 1))
        answer["reason"] = {"system": REASON_SYSTEM, "code": DECLINE_REASONS[which]}
    status = "accepted" if answer["accepted"] else "declined"
    return [
        Promise(
            due_at=_answered_at(desk, request_id, asked.priority),
            kind="office_request",
            identifier=request_id,
            url=asked.answer_url,
            body=answer,
            becomes={"request_id": request_id, "status": status},
        )
    ]


def _answered_at(desk: Desk, request_id: str, priority: str) -> datetime:
    hours = desk.between("answer_hours", request_id, ANSWER_HOURS[priority])
    earliest = desk.clock.now() + timedelta(hours=hours)
    return full_hour(earliest) if priority == "stat" else opening(earliest)


def _take_appointment(desk: Desk, keeper: str, visit_id: str, visit: Appointment) -> Response:
    record = Record("visit", visit_id, keeper, {"visit_id": visit_id, "status": "booked"})
    behaviour = desk.behaviour("visit", visit_id, visit.referral_id)
    promises = [*_outcomes(behaviour, visit_id, visit), *_reports(desk, behaviour, visit_id, visit)]
    return desk.take(record, promises, HTTPStatus.CREATED)


def _outcomes(behaviour: str, visit_id: str, visit: Appointment) -> list[Promise]:
    if behaviour == "stay_silent":
        return []
    outcome = "fulfilled" if behaviour == "fulfil" else "missed"
    evidence_ref = f"office-{digest('outcome', visit_id)}"
    return [
        Promise(
            due_at=opening(_end(visit), visit.start.tzinfo or UTC),
            kind="visit",
            identifier=visit_id,
            url=visit.outcome_url,
            body={"visit_id": visit_id, "outcome": outcome, "evidence_ref": evidence_ref},
            becomes={"visit_id": visit_id, "status": outcome},
        )
    ]


def _reports(desk: Desk, behaviour: str, visit_id: str, visit: Appointment) -> list[Promise]:
    """The consult report; it may be the only sign that a visit took place."""
    sending = desk.behaviour("report", visit_id, visit.referral_id)
    if behaviour == "miss" or sending == "never":
        return []
    days = desk.between("report_days", visit_id, REPORT_DAYS[sending])
    report_id = f"report-{digest('report', visit_id)}"
    return [
        Promise(
            due_at=opening(_end(visit) + timedelta(days=days), visit.start.tzinfo or UTC),
            kind="report",
            identifier=visit_id,
            url=visit.report_url,
            body={
                "report_id": report_id,
                "kind": "final",
                "visit_id": visit_id,
                "document_ref": f"urn:throughline:simulated-office:document:{digest('document', visit_id)}",
            },
        )
    ]


def _end(visit: Appointment) -> datetime:
    return visit.start + timedelta(minutes=visit.minutes)
