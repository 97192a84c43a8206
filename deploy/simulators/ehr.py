"""The referring clinician's EHR: it supplies what was missing and acknowledges the consult report."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from deploy.simulators.agenda import Promise
from deploy.simulators.behaviour import Kind
from deploy.simulators.callbacks import CallbackUrl
from deploy.simulators.desk import Desk
from deploy.simulators.ledger import Body, Record
from deploy.simulators.lookups import add_lookups
from deploy.simulators.office_hours import opening
from deploy.simulators.orders import Asked
from deploy.simulators.telephones import KEPT, telephone
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


def routes(desk: Desk, entry: Any) -> APIRouter:
    """What the EHR offers at /ehr; `entry` says who is let in."""
    router = APIRouter(prefix="/ehr", tags=["ehr"], dependencies=[entry])

    @router.put("/information-requests/{identifier}", status_code=HTTPStatus.ACCEPTED)
    async def ask_for_information(
        identifier: str, asked: Annotated[InformationRequest, body(InformationRequest)], request: Request
    ) -> Response:
        attempt = Asked("ehr", "information", identifier, "sends")
        return await desk.answer(request, attempt, lambda: _take_information_request(desk, identifier, asked))

    @router.put("/reports/{identifier}", status_code=HTTPStatus.ACCEPTED)
    async def file_report(identifier: str, asked: Annotated[Report, body(Report)], request: Request) -> Response:
        attempt = Asked("ehr", "acknowledgement", identifier, "sends")
        return await desk.answer(request, attempt, lambda: _take_report(desk, identifier, asked))

    add_lookups(router, desk, "ehr", "/information-requests/{identifier}", ("information",))
    add_lookups(router, desk, "ehr", "/reports/{identifier}", ("acknowledgement",))
    return router


def _take_information_request(desk: Desk, request_id: str, asked: InformationRequest) -> Response:
    record = Record("information", request_id, "", {"request_id": request_id, "status": "received"})
    supplied = {"request_id": request_id, "items": [_item(desk, code, request_id) for code in asked.items]}
    promises: list[Promise] = []
    if desk.behaviour("information", request_id, asked.referral_id) == "supply":
        promises = _later(desk, "information", request_id, asked.answer_url, supplied)
    return desk.take(record, promises, HTTPStatus.ACCEPTED)


def _item(desk: Desk, code: str, request_id: str) -> Body:
    if code == "contact":
        return {"code": code, "value": telephone(desk.between("contact", request_id, (0, KEPT - 1)))}
    return {"code": code, "value": INVENTED.get(code, f"urn:throughline:simulated-ehr:{code}:{request_id}")}


def _take_report(desk: Desk, report_id: str, report: Report) -> Response:
    record = Record("acknowledgement", report_id, "", {"report_id": report_id, "status": "received"})
    promises: list[Promise] = []
    if desk.behaviour("acknowledgement", report_id, report.referral_id) == "acknowledge":
        promises = _later(desk, "acknowledgement", report_id, report.answer_url, {"report_id": report_id})
    return desk.take(record, promises, HTTPStatus.ACCEPTED)


def _later(desk: Desk, kind: Kind, identifier: str, url: str, told: Body) -> list[Promise]:
    hours = desk.between(f"{kind}_hours", identifier, HOURS[kind])
    own_id, status = {"information": ("request_id", "supplied"), "acknowledgement": ("report_id", "acknowledged")}[kind]
    return [
        Promise(
            due_at=opening(desk.clock.now() + timedelta(hours=hours)),
            kind=kind,
            identifier=identifier,
            url=url,
            body=told,
            becomes={own_id: identifier, "status": status},
        )
    ]
