"""Orders in our own JSON, and what a referral has come to."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.intake.api.access import MayRead, MayReceive, may
from services.intake.api.numbers import STATUS, flaw_of_number
from services.intake.api.own import OwnOrder
from services.intake.api.receiving import Reception
from services.intake.api.sender import Sender
from services.intake.domain.instruction import Place
from services.intake.views import ShownReferral, shown
from shared import audit
from shared.service.commands import Accepted, TheService
from shared.web import Malformed, body, etag


class Odd(BaseModel):
    """What is odd about something that was taken: its code, and a sentence."""

    code: str
    detail: str


class TakenOrder(Accepted):
    """The order has been taken in, and what is odd about it."""

    warnings: tuple[Odd, ...] = ()


def routes(reception: Reception) -> APIRouter:
    """The routes of /v1/referrals for orders."""
    router = APIRouter(prefix="/v1/referrals", tags=["referrals"])

    @router.post("", status_code=202)
    async def receive(
        caller: MayReceive, service: TheService, order: Annotated[OwnOrder, body(OwnOrder)], response: Response
    ) -> TakenOrder:
        """Take in an order. The same order again gets the same answer; what is new in it, a person looks at."""
        place = Place(order.order(reception.home_zone))
        if flaw := flaw_of_number(caller, place.number, "/source_system"):
            raise Malformed(STATUS, flaw.code, f"The order number {flaw.detail}.", (flaw,))
        carried = await reception.carry_out(place, Sender(caller, "api", service))
        response.headers.update(carried.headers)
        warnings = tuple(Odd(code=remark.code, detail=remark.detail) for remark in carried.remarks)
        return TakenOrder(referral_id=carried.referral_id, version=carried.outcome.version, warnings=warnings)

    @router.get("/{referral_id}")
    async def read(caller: MayRead, service: TheService, referral_id: str, response: Response) -> ShownReferral:
        """Where the referral stands, who must do what by when, and what the caller may do now."""
        document = await service.read(referral_id)
        found = shown(service.engine, document, caller.actor, service.now())
        audit.about(referral_id, found.patient_ref)
        response.headers["ETag"] = etag(found.version)
        return found.model_copy(update={"allowed": tuple(name for name in found.allowed if may(caller, name))})

    return router
