"""The referring clinician's EHR: it supplies what was missing and acknowledges the consult report."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from deploy.platform.telephones import KEPT, telephone
from deploy.simulators.behaviour import Kind
from deploy.simulators.callbacks import CallbackUrl
from deploy.simulators.endpoint import Endpoint
from deploy.simulators.journal import Body, Record
from deploy.simulators.lookups import add_lookups
from deploy.simulators.office_hours import opening
from deploy.simulators.scenario import IncomingCall
from deploy.simulators.schedule import ScheduledCallback
from shared.web import body

HOURS: dict[str, tuple[int, int]] = {"information": (2, 10), "acknowledgement": (1, 24)}
INVENTED: dict[str, Any] = {
    "birth_date": "1970-01-01",
    "coverage": {"payer_name": "Alder Valley", "member_id": "SIM0000001"},
    "diagnosis": "R69",
    "name": {"given": "Sam", "family": "Specimen"},
    "requester": "1234567893",
}
"""What is supplied per code, but a telephone number; records and services are named by reference."""


class InformationRequest(BaseModel):
    """What intake misses in a referral."""

    referral_id: str
    items: list[str] = Field(min_length=1, max_length=50)
    answer_url: CallbackUrl


class Report(BaseModel):
    """A consult report that came back."""

    referral_id: str
    answer_url: CallbackUrl


def routes(endpoint: Endpoint, entry: Any) -> APIRouter:
    """What the EHR offers at /ehr; `entry` says who is let in."""
    router = APIRouter(prefix="/ehr", tags=["ehr"], dependencies=[entry])

    @router.put("/information-requests/{identifier}", status_code=HTTPStatus.ACCEPTED)
    async def ask_for_information(
        identifier: str, wanted: Annotated[InformationRequest, body(InformationRequest)], request: Request
    ) -> Response:
        call = IncomingCall("ehr", "information", identifier, "sends")
        return await endpoint.answer(request, call, lambda: _take_information_request(endpoint, identifier, wanted))

    @router.put("/reports/{identifier}", status_code=HTTPStatus.ACCEPTED)
    async def file_report(identifier: str, report: Annotated[Report, body(Report)], request: Request) -> Response:
        call = IncomingCall("ehr", "acknowledgement", identifier, "sends")
        return await endpoint.answer(request, call, lambda: _take_report(endpoint, identifier, report))

    add_lookups(router, endpoint, "ehr", "/information-requests/{identifier}", ("information",))
    add_lookups(router, endpoint, "ehr", "/reports/{identifier}", ("acknowledgement",))
    return router


def _take_information_request(endpoint: Endpoint, request_id: str, wanted: InformationRequest) -> Response:
    record = Record("information", request_id, "", {"request_id": request_id, "status": "received"})
    supplied = {"request_id": request_id, "items": [_item(endpoint, code, request_id) for code in wanted.items]}
    callbacks: list[ScheduledCallback] = []
    if endpoint.behaviour("information", request_id, wanted.referral_id) == "supply":
        callbacks = _later(endpoint, "information", request_id, wanted.answer_url, supplied)
    return endpoint.take(record, callbacks, HTTPStatus.ACCEPTED)


def _item(endpoint: Endpoint, code: str, request_id: str) -> Body:
    if code == "contact":
        return {"code": code, "value": telephone(endpoint.between("contact", request_id, (0, KEPT - 1)))}
    return {"code": code, "value": INVENTED.get(code, f"urn:throughline:simulated-ehr:{code}:{request_id}")}


def _take_report(endpoint: Endpoint, report_id: str, report: Report) -> Response:
    record = Record("acknowledgement", report_id, "", {"report_id": report_id, "status": "received"})
    callbacks: list[ScheduledCallback] = []
    if endpoint.behaviour("acknowledgement", report_id, report.referral_id) == "acknowledge":
        callbacks = _later(endpoint, "acknowledgement", report_id, report.answer_url, {"report_id": report_id})
    return endpoint.take(record, callbacks, HTTPStatus.ACCEPTED)


def _later(endpoint: Endpoint, kind: Kind, identifier: str, url: str, answer: Body) -> list[ScheduledCallback]:
    hours = endpoint.between(f"{kind}_hours", identifier, HOURS[kind])
    own_id, status = {"information": ("request_id", "supplied"), "acknowledgement": ("report_id", "acknowledged")}[kind]
    return [
        ScheduledCallback(
            due_at=opening(endpoint.clock.now() + timedelta(hours=hours)),
            kind=kind,
            identifier=identifier,
            url=url,
            body=answer,
            becomes={own_id: identifier, "status": status},
        )
    ]
