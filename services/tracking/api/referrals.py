"""One referral and all referrals as JSON: where it stands, what was told of it, how all of them stand."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.tracking.api.access import MayRead, is_lead, may
from services.tracking.views.reuse import Reuse
from services.tracking.views.rows import Referral, referral
from services.tracking.views.summary import Summary, summary
from services.tracking.views.timeline import USUAL, Reader, Timeline
from shared.identity import Caller
from shared.service import Service
from shared.service.commands import TheService
from shared.web import etag

router = APIRouter(prefix="/v1", tags=["referrals"])


async def _summaries(request: Request, service: TheService) -> Reuse[Summary]:
    """Those that this process has counted, by tenant."""
    state = request.app.state
    if not hasattr(state, "summaries"):
        state.summaries = Reuse(service.clock.monotonic)
    found: Reuse[Summary] = state.summaries
    return found


Summaries = Annotated[Reuse[Summary], Depends(_summaries)]


class TimelineAsked(BaseModel):
    """Which page of a timeline."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(default=None, max_length=500)
    limit: int = Field(default=USUAL, ge=1, le=1000)


@router.get("/referrals/{referral_id}")
async def one(caller: MayRead, service: TheService, referral_id: str, response: Response) -> Referral:
    """Where a referral stands, its notes, and what the caller may do now."""
    found = await read_referral(caller, service, referral_id)
    response.headers["ETag"] = etag(found.row.version)
    return found


@router.get("/referrals/{referral_id}/timeline")
async def payload(
    caller: MayRead, service: TheService, referral_id: str, asked: Annotated[TimelineAsked, Query()]
) -> Timeline:
    """What any service told of a referral, a page at a time, and whether the ledger is whole."""
    return await (await timeline_of(caller, service, referral_id)).page(asked.cursor, asked.limit)


@router.get("/summary")
async def everything(caller: MayRead, service: TheService, summaries: Summaries) -> Summary:
    """Referrals by state and payer, where they wait, and the time from intake to the patient being told.

    `as_of` says when it was counted: what takes long to count is shown again for up to a minute.
    """
    return await read_summary(caller, service, summaries)


async def read_referral(caller: Caller, service: Service, referral_id: str) -> Referral:
    """The referral as this caller sees it, with what both the domain and the policy allow. Raises NotFound."""
    document = await service.read(referral_id)
    found = referral(service.engine, document, service.now(), caller.actor, by_lead=is_lead(caller))
    return found.model_copy(update={"allowed": tuple(act for act in found.allowed if may(caller, act))})


async def timeline_of(caller: Caller, service: Service, referral_id: str) -> Reader:
    """A reader of the referral's timeline. Raises NotFound."""
    document = await service.read(referral_id)
    return Reader(service.store, caller.tenant, referral_id, document.state)


async def read_summary(caller: Caller, service: Service, summaries: Reuse[Summary]) -> Summary:
    """The tenant's summary."""
    return await summaries.of(caller.tenant, lambda: summary(service.store, caller.tenant, service.now()))
