"""Where payers call back when they have changed their minds.

A payer comes by the address that it was given with the request: who it is says its token, that this request is its own
says the capability in the address, and both are looked at before anything is read.
"""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from services.authorization.domain import Case
from services.authorization.gateways import Callbacks, PayerAnswer, recorded
from shared.capabilities import Shown
from shared.contracts.language import Actor, tenant_of
from shared.engine.effects import Callback
from shared.errors import NotFound
from shared.identity import Caller, permit
from shared.service.commands import TheService
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
    capability: Shown = None,
) -> None:
    """Take in what a payer decided later. Twice is once, and the highest number wins."""
    referral_id = answer.referral_id
    is_known = Callbacks(service.keyring).is_given(capability or "", referral_id, payer_id, answer.request_id)
    if tenant_of(referral_id) != caller.tenant or not is_known:
        raise NotFound
    case: Case = (await service.read(referral_id)).state
    if case.revision_of(answer.request_id, payer_id) is None:
        raise NotFound
    by = Actor(kind="payer", id=payer_id, via=caller.subject)
    answered = recorded(answer, service.keyring, referral_id, by, service.now(), "callback")
    refusal = await service.submit(Callback(referral_id, answer.request_id, answered))
    if refusal is not None:
        raise refusal
