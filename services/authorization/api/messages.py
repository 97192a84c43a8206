"""The route that opens a payer's message beside its codes. It decides nothing.

What it opens may not be kept, logged, or shown by any other route.
"""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from services.authorization.domain import Case
from services.authorization.gateways import PayerMessage
from shared.errors import NotFound
from shared.identity import Caller, permit
from shared.service.commands import TheService

PURPOSE: Final = "show_payer_message"

router = APIRouter(prefix="/v1/cases/{referral_id}", tags=["cases"])


class Message(BaseModel):
    """The payer's own words about the request that counts now; none where it wrote nothing beside its codes."""

    referral_id: str
    text: str | None


@router.get("/payer-message")
async def read(caller: Annotated[Caller, permit("read_message")], service: TheService, referral_id: str) -> Message:
    """Open what the payer last wrote beside its codes. Each opening is audited."""
    case: Case = (await service.read(referral_id)).state
    if not case.referral_id:
        raise NotFound
    if case.request is None or case.request.message is None:
        return Message(referral_id=referral_id, text=None)
    said = service.keyring.open(
        caller.tenant, "coverage", case.request.message, PayerMessage, purpose=PURPOSE, referral_id=referral_id
    )
    return Message(referral_id=referral_id, text=said.text)
