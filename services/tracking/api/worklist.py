"""The worklist as JSON, and what people do on it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.tracking.api.access import MayAssign, MayNote, MayRead, MayRelease, is_lead
from services.tracking.domain import AddNote, AssignReferral, NoteCode, ReleaseReferral
from services.tracking.views.worklist import Filters, Page, Reader
from shared.identity import Caller
from shared.service import Service
from shared.service.commands import Accepted, Key, TheService, attribution, envelope_of, submit
from shared.web import body

router = APIRouter(prefix="/v1/worklist", tags=["worklist"])


class Asked(Filters):
    """Filters, and which page of what they leave."""

    cursor: str | None = Field(default=None, max_length=500)
    limit: int = Field(default=50, ge=1, le=200)


class NoteBody(BaseModel):
    """What was done."""

    model_config = ConfigDict(extra="forbid")

    code: NoteCode


@router.get("")
async def worklist(caller: MayRead, service: TheService, asked: Annotated[Asked, Query()]) -> Page:
    """Who must do what by when, most urgent first; `next` is the cursor of the following page."""
    return await reader(caller, service).page(asked, asked.cursor, asked.limit)


@router.post("/{referral_id}/claim", status_code=202)
async def claim(caller: MayAssign, service: TheService, referral_id: str, key: Key, response: Response) -> Accepted:
    """Take a referral on. 409 when somebody else has it, or when nobody needs to do anything."""
    command = AssignReferral(**attribution(caller, service))
    return await submit(service, envelope_of(referral_id, command, caller, key), response)


@router.post("/{referral_id}/release", status_code=202)
async def release(caller: MayRelease, service: TheService, referral_id: str, key: Key, response: Response) -> Accepted:
    """Give a referral back; a lead also for others. 409 when it is somebody else's."""
    command = ReleaseReferral(**attribution(caller, service), by_lead=is_lead(caller))
    return await submit(service, envelope_of(referral_id, command, caller, key), response)


@router.post("/{referral_id}/note", status_code=202)
async def note(
    caller: MayNote,
    service: TheService,
    referral_id: str,
    key: Key,
    written: Annotated[NoteBody, body(NoteBody)],
    response: Response,
) -> Accepted:
    """Write down what was done."""
    command = AddNote(**attribution(caller, service), code=written.code)
    return await submit(service, envelope_of(referral_id, command, caller, key), response)


def reader(caller: Caller, service: Service) -> Reader:
    """A reader of the caller's worklist."""
    return Reader(service.engine, service.store, caller.tenant, caller.subject, service.now())
