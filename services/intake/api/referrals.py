"""Orders in our own JSON, and what a referral has come to."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.intake.api.access import MayRead, MayReceive, TheService, may
from services.intake.api.commands import Taken
from services.intake.api.own import OwnOrder
from services.intake.api.receiving import Desk, headers_of
from services.intake.views import ShownReferral, shown
from shared.web import body, etag


def routes(desk: Desk) -> APIRouter:
    """The routes of /v1/referrals for orders."""
    router = APIRouter(prefix="/v1/referrals", tags=["referrals"])

    @router.post("", status_code=202)
    async def receive(
        caller: MayReceive, service: TheService, order: Annotated[OwnOrder, body(OwnOrder)], response: Response
    ) -> Taken:
        """Take in an order. The same order again gets the same answer; 409 when its number came with other content."""
        referral_id, _, outcome = await desk.receive(order.order(desk.home_zone), caller, "api", service)
        response.headers.update(headers_of(outcome))
        return Taken(referral_id=referral_id, version=outcome.version)

    @router.get("/{referral_id}")
    async def read(caller: MayRead, service: TheService, referral_id: str, response: Response) -> ShownReferral:
        """Where the referral stands, who must do what by when, and what the caller may do now."""
        document = await service.read(referral_id)
        found = shown(service.engine, document, caller.actor, service.now())
        response.headers["ETag"] = etag(found.version)
        return found.model_copy(update={"allowed": tuple(name for name in found.allowed if may(caller, name))})

    return router
