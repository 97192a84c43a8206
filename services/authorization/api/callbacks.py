"""Where payers call back when they have changed their minds."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from services.authorization.api.access import TheService
from services.authorization.domain import Case
from services.authorization.gateways import PayerAnswer, recorded
from shared.contracts.language import tenant_of
from shared.effects import Callback
from shared.errors import NotFound
from shared.identity import Caller, permit
from shared.web import body

router = APIRouter(tags=["callbacks"])


class CallbackIn(PayerAnswer):
    """A payer's later answer; it echoes the `referral_id` of the request."""

    referral_id: Annotated[str, StringConstraints(max_length=100)]


@router.post("/v1/payer-callbacks/{payer_id}", status_code=204)
async def take_answer(
    caller: Annotated[Caller, permit("payer_callback")],
    service: TheService,
    payer_id: str,
    answer: Annotated[CallbackIn, body(CallbackIn)],
) -> None:
    """Take in what a payer decided later. Twice is once, and the highest number wins."""
    referral_id = answer.referral_id
    if tenant_of(referral_id) != caller.tenant:
        raise NotFound
    case: Case = (await service.read(referral_id)).state
    if case.revision_of(answer.request_id, payer_id) is None:
        raise NotFound("not-found", "There is no such request.")
    heard = recorded(answer, service.keyring, referral_id, payer_id, service.now(), "callback")
    refusal = await service.submit(Callback(referral_id, answer.request_id, heard))
    if refusal is not None:
        raise refusal
