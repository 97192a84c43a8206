"""Specialists' offices: they accept or decline a referral, see the patient or not, and return the report."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from deploy.simulators.behaviour import digest
from deploy.simulators.callbacks import CallbackUrl
from deploy.simulators.endpoint import Endpoint
from deploy.simulators.journal import Body, Record
from deploy.simulators.lookups import add_lookups
from deploy.simulators.office_hours import full_hour, opening
from deploy.simulators.scenario import IncomingCall
from deploy.simulators.schedule import ScheduledCallback
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


def routes(endpoint: Endpoint, entry: Any) -> APIRouter:
    """What an office offers at /offices/{provider_ref}; `entry` says who is let in."""
    router = APIRouter(prefix="/offices/{owner}", tags=["office"], dependencies=[entry])

    @router.put("/requests/{identifier}", status_code=HTTPStatus.ACCEPTED)
    async def request_acceptance(
        owner: str, identifier: str, referral: Annotated[OfficeRequest, body(OfficeRequest)], request: Request
    ) -> Response:
        call = IncomingCall("office", "office_request", identifier, "sends")
        return await endpoint.answer(request, call, lambda: _take_request(endpoint, owner, identifier, referral))

    @router.put("/appointments/{identifier}", status_code=HTTPStatus.CREATED)
    async def book(
        owner: str, identifier: str, visit: Annotated[Appointment, body(Appointment)], request: Request
    ) -> Response:
        call = IncomingCall("office", "visit", identifier, "sends")
        return await endpoint.answer(request, call, lambda: _take_appointment(endpoint, owner, identifier, visit))

    add_lookups(router, endpoint, "office", "/requests/{identifier}", ("office_request",))
    add_lookups(router, endpoint, "office", "/appointments/{identifier}", ("visit", "report"))
    return router


def _take_request(endpoint: Endpoint, owner: str, request_id: str, referral: OfficeRequest) -> Response:
    record = Record("office_request", request_id, owner, {"request_id": request_id, "status": "received"})
    return endpoint.take(record, _answers(endpoint, request_id, referral), HTTPStatus.ACCEPTED)


def _answers(endpoint: Endpoint, request_id: str, referral: OfficeRequest) -> list[ScheduledCallback]:
    behaviour = endpoint.behaviour("office_request", request_id, referral.referral_id)
    if behaviour == "stay_silent":
        return []
    answer: Body = {"request_id": request_id, "accepted": behaviour == "accept"}
    if behaviour == "decline":
        which = endpoint.between("decline_reason", request_id, (0, len(DECLINE_REASONS) - 1))
        answer["reason"] = {"system": REASON_SYSTEM, "code": DECLINE_REASONS[which]}
    status = "accepted" if answer["accepted"] else "declined"
    return [
        ScheduledCallback(
            due_at=_answered_at(endpoint, request_id, referral.priority),
            kind="office_request",
            identifier=request_id,
            url=referral.answer_url,
            body=answer,
            becomes={"request_id": request_id, "status": status},
        )
    ]


def _answered_at(endpoint: Endpoint, request_id: str, priority: str) -> datetime:
    hours = endpoint.between("answer_hours", request_id, ANSWER_HOURS[priority])
    earliest = endpoint.clock.now() + timedelta(hours=hours)
    return full_hour(earliest) if priority == "stat" else opening(earliest)


def _take_appointment(endpoint: Endpoint, owner: str, visit_id: str, visit: Appointment) -> Response:
    record = Record("visit", visit_id, owner, {"visit_id": visit_id, "status": "booked"})
    behaviour = endpoint.behaviour("visit", visit_id, visit.referral_id)
    callbacks = [*_outcomes(behaviour, visit_id, visit), *_reports(endpoint, behaviour, visit_id, visit)]
    return endpoint.take(record, callbacks, HTTPStatus.CREATED)


def _outcomes(behaviour: str, visit_id: str, visit: Appointment) -> list[ScheduledCallback]:
    if behaviour == "stay_silent":
        return []
    outcome = "fulfilled" if behaviour == "fulfil" else "missed"
    evidence_ref = f"office-{digest('outcome', visit_id)}"
    return [
        ScheduledCallback(
            due_at=opening(_end(visit), visit.start.tzinfo or UTC),
            kind="visit",
            identifier=visit_id,
            url=visit.outcome_url,
            body={"visit_id": visit_id, "outcome": outcome, "evidence_ref": evidence_ref},
            becomes={"visit_id": visit_id, "status": outcome},
        )
    ]


def _reports(endpoint: Endpoint, behaviour: str, visit_id: str, visit: Appointment) -> list[ScheduledCallback]:
    """The consult report; it may be the only sign that a visit took place."""
    sending = endpoint.behaviour("report", visit_id, visit.referral_id)
    if behaviour == "miss" or sending == "never":
        return []
    days = endpoint.between("report_days", visit_id, REPORT_DAYS[sending])
    report_id = f"report-{digest('report', visit_id)}"
    return [
        ScheduledCallback(
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
