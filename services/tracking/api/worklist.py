"""The worklist as JSON, and what people do on it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.tracking.api.access import MayAssign, MayNote, MayRead, MayRelease, TheService, is_lead
from services.tracking.domain import AddNote, AssignReferral, NoteCode, ReleaseReferral
from services.tracking.views.worklist import Filters, Page, Reader
from shared.contracts.language import Channel, Command
from shared.engine import CommandEnvelope
from shared.identity import Caller
from shared.service import Service
from shared.web import IdempotencyKey, body, etag, idempotency

router = APIRouter(prefix="/v1/worklist", tags=["worklist"])
Key = Annotated[IdempotencyKey, idempotency()]


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
async def claim(caller: MayAssign, service: TheService, referral_id: str, key: Key, response: Response) -> Any:
    """Take a referral on. 409 when somebody else has it, or when nobody needs to do anything."""
    command = AssignReferral(**attribution(caller, service, "api"))
    return await _taken(service, envelope_of(referral_id, command, key.command_id(caller), key.fingerprint), response)


@router.post("/{referral_id}/release", status_code=202)
async def release(caller: MayRelease, service: TheService, referral_id: str, key: Key, response: Response) -> Any:
    """Give a referral back; a lead also for others. 409 when it is somebody else's."""
    command = ReleaseReferral(**attribution(caller, service, "api"), by_lead=is_lead(caller))
    return await _taken(service, envelope_of(referral_id, command, key.command_id(caller), key.fingerprint), response)


@router.post("/{referral_id}/note", status_code=202)
async def note(
    caller: MayNote,
    service: TheService,
    referral_id: str,
    key: Key,
    written: Annotated[NoteBody, body(NoteBody)],
    response: Response,
) -> Any:
    """Write down what was done."""
    command = AddNote(**attribution(caller, service, "api"), code=written.code)
    return await _taken(service, envelope_of(referral_id, command, key.command_id(caller), key.fingerprint), response)


def reader(caller: Caller, service: Service) -> Reader:
    """A reader of the caller's worklist."""
    return Reader(service.engine, service.store, caller.tenant, caller.subject, service.now())


def attribution(caller: Caller, service: Service, channel: Channel) -> dict[str, Any]:
    """Who asks, when, and how."""
    return {"at": service.now(), "by": caller.actor, "channel": channel}


def envelope_of(referral_id: str, command: Command, command_id: str, fingerprint: str | None = None) -> CommandEnvelope:
    """The command for one referral; a retry with the same id gets the first answer."""
    return CommandEnvelope(key=referral_id, id=command_id, command=command, fingerprint=fingerprint)


async def _taken(service: Service, envelope: CommandEnvelope, response: Response) -> dict[str, Any]:
    outcome = await service.execute(envelope)
    response.headers["ETag"] = etag(outcome.version)
    return {"referral_id": envelope.key, "version": outcome.version}
