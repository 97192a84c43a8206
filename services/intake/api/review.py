"""Routes for decisions of people about an order: choose its pathway, review its changes."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints

from services.intake.api.access import MayChoosePathway, MayReviewOrder
from services.intake.api.receiving import Reception
from services.intake.domain import ChoosePathway, ReviewOrder
from shared.contracts.intake import ReviewOutcome
from shared.service.commands import CONTRACT, Accepted, Key, Seen, TheService, attribution, envelope_of, submit
from shared.web import Flaw, Malformed, body


class PathwayIn(BaseModel):
    """The referral takes this pathway, by its opaque token."""

    model_config = CONTRACT

    pathway: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


class OrderReviewIn(BaseModel):
    """A person has looked at how the order changed, up to this version of it."""

    model_config = CONTRACT

    order_version: Annotated[int, Field(ge=1)]
    """As `order_review` of the referral has it; 412 when the order has changed again since."""
    outcome: ReviewOutcome
    """kept: all stays as it is. reordered: cancelled, another order comes. taken_over: the change was made by hand."""


def routes(reception: Reception) -> APIRouter:
    """The routes of people who look at orders."""
    router = APIRouter(prefix="/v1/referrals/{referral_id}", tags=["referrals"])

    @router.post("/pathway", status_code=202)
    async def choose_pathway(
        caller: MayChoosePathway,
        service: TheService,
        referral_id: str,
        key: Key,
        seen: Seen,
        payload: Annotated[PathwayIn, body(PathwayIn)],
        response: Response,
    ) -> Accepted:
        """Say which pathway the referral takes, where the order does not tell."""
        row = reception.pathways.named(payload.pathway)
        if row is None:
            flaw = Flaw("/pathway", "unknown_pathway", "is no pathway of the table")
            raise Malformed(422, "invalid", "The pathway is not known.", (flaw,))
        command = ChoosePathway(**attribution(caller, service), pathway=row.pathway, pathway_version=row.version)
        return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)

    @router.post("/order-review", status_code=202)
    async def review_order(
        caller: MayReviewOrder,
        service: TheService,
        referral_id: str,
        key: Key,
        seen: Seen,
        payload: Annotated[OrderReviewIn, body(OrderReviewIn)],
        response: Response,
    ) -> Accepted:
        """Say what was made of an order that came again and says something else."""
        command = ReviewOrder(
            **attribution(caller, service), order_version=payload.order_version, outcome=payload.outcome
        )
        return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)

    return router
