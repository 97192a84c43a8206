"""Notifications' doors: what was said to a patient, a person's call, and the SMS gateway's word on its messages."""

import re
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from services.notifications.domain import RecordContact, RecordReceipt, number_of
from services.notifications.domain.keywords import keyword_of
from services.notifications.gateways import CALLBACK_PATH, OPT_OUT, REPLY_PATH, OptOuts, e164, is_signed, told_by
from services.notifications.settings import SmsSettings
from services.notifications.views import ShownConversation, shown
from shared import audit
from shared.contracts.language import Actor, Reason
from shared.contracts.notifications import ContactOutcome
from shared.engine.effects import Answered
from shared.errors import NotFound
from shared.identity import AccessPolicy, Caller, Role, Unauthenticated, permit
from shared.identity.caller import REFERRAL_ID
from shared.ports import Answer
from shared.service import Service
from shared.service.commands import CONTRACT, Accepted, Key, Seen, TheService, attribution, envelope_of, submit
from shared.web import Malformed, body, etag

_TEAM: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE, Role.CLINICIAN})
POLICY: AccessPolicy = {"read": _TEAM | {Role.OPERATOR}, "record_contact": _TEAM}
OPEN_PATHS: Final = frozenset({CALLBACK_PATH, REPLY_PATH})
"""No bearer here: the gateway's signature authenticates."""
GATEWAY: Final = Actor(kind="service", id="sms-gateway")
_SID: Final = re.compile(r"(SM|MM)[0-9a-f]{32}")
_ARRIVED: Final = frozenset({"delivered", "read"})
_NOT_ARRIVED: Final = frozenset({"undelivered", "failed"})

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])


class ContactIn(BaseModel):
    """A person called the patient, or tried to."""

    model_config = CONTRACT

    reached: bool
    outcome: ContactOutcome


@router.get("/{referral_id}")
async def read(
    caller: Annotated[Caller, permit("read")], service: TheService, referral_id: str, response: Response
) -> ShownConversation:
    """What was said to the patient so far, and what comes next."""
    found = shown(service.engine, await service.read(referral_id))
    response.headers["ETag"] = etag(found.version)
    mine = tuple(name for name in found.allowed if caller.roles & POLICY[name])
    return found.model_copy(update={"allowed": mine})


@router.post("/{referral_id}/contact", status_code=202)
async def record_contact(
    caller: Annotated[Caller, permit("record_contact")],
    service: TheService,
    referral_id: str,
    key: Key,
    seen: Seen,
    payload: Annotated[ContactIn, body(ContactIn)],
    response: Response,
) -> Accepted:
    """Record a call. Three in a row without an answer hand the referral to the ordering clinician."""
    command = RecordContact(
        **attribution(caller, service),
        contact_id=key.command_id(caller),
        is_reached=payload.reached,
        outcome=payload.outcome,
    )
    return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)


def callbacks(sms: SmsSettings) -> APIRouter:
    """The route that the SMS gateway reports to."""
    receipts = APIRouter(tags=["callbacks"])

    @receipts.post(CALLBACK_PATH, status_code=204)
    async def take_receipt(
        request: Request, service: TheService, message: Annotated[str, Query(max_length=200)] = ""
    ) -> None:
        """Take in what became of a text message: a form by Twilio's convention, with X-Twilio-Signature."""
        form = await _signed_form(request, sms, f"{CALLBACK_PATH}?{request.url.query}")
        named = REFERRAL_ID.match(message)
        audit.by(GATEWAY.id, tenant=named[1] if named else "", roles=(Role.GATEWAY.value,))
        audit.for_purpose("take_receipt")
        status = form.get("MessageStatus", "")
        if status in _ARRIVED:
            await _record(service, message, form, None)
        elif status in _NOT_ARRIVED:
            await _record(service, message, form, _reason(form, status))

    @receipts.post(REPLY_PATH, status_code=204)
    async def take_reply(request: Request, service: TheService) -> None:
        """Take in what a patient wrote back: STOP and its like end all texts to that number, START allows them again.

        A form by Twilio's convention, with X-Twilio-Signature. It is answered when it is saved.
        """
        form = await _signed_form(request, sms, REPLY_PATH)
        audit.by(GATEWAY.id, tenant="", roles=(Role.GATEWAY.value,))
        audit.for_purpose("take_reply")
        await _take_keyword(service, form)

    return receipts


async def _take_keyword(service: Service, form: dict[str, str]) -> None:
    """Do what the reply asks for its number, for every tenant: they all write from one number of ours."""
    number, sid = e164(form.get("From")), form.get("MessageSid", "")
    if not _SID.fullmatch(sid):
        raise Malformed(422, "invalid", "MessageSid is missing or malformed.")
    keyword = keyword_of(form.get("Body", ""))
    if number is None or keyword is None:
        structlog.get_logger().warning("a reply to a text is no keyword, and nobody reads it")
        return
    # By its advanced opt-out the gateway names the keyword, and has answered it itself.
    is_confirmed = bool(form.get("OptOutType"))
    opt_outs = OptOuts(service.keyring, {OPT_OUT: service.aggregates[OPT_OUT].engine})
    told = told_by(GATEWAY, service.now(), "callback")
    for tenant in service.keyring.tenants("contact"):
        if keyword == "stop":
            await opt_outs.stop(tenant, number, sid, told, is_confirmed=is_confirmed)
        else:
            await opt_outs.allow(tenant, number, sid, told)


async def _signed_form(request: Request, sms: SmsSettings, address: str) -> dict[str, str]:
    """The form, if the gateway signed it. Raises Unauthenticated."""
    pairs = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    signature = request.headers.get("X-Twilio-Signature", "")
    if not is_signed(sms.auth_token, f"{sms.callback_url}{address}", pairs, signature):
        raise Unauthenticated(has_token=bool(signature))
    return dict(pairs)


async def _record(service: Service, message_id: str, form: dict[str, str], reason: Reason | None) -> None:
    """Fold the evidence that it went out, and decide what it means, in one write. Raises NotFound, Malformed."""
    referral_id, sid = message_id.rpartition(".")[0], form.get("MessageSid", "")
    if not _SID.fullmatch(sid):
        raise Malformed(422, "invalid", "MessageSid is missing or malformed.")
    if not REFERRAL_ID.fullmatch(referral_id):
        raise NotFound("not-found", "There is no such message.")
    message = (await service.read(referral_id)).state.message(number_of(message_id))
    if message is None:
        raise NotFound("not-found", "There is no such message.")
    command = RecordReceipt(at=service.now(), by=GATEWAY, channel="callback", number=message.number, reason=reason)
    answer = Answer("alive", refs=(sid,), command=command)
    error = await service.submit(Answered(referral_id, f"{message.effect_kind}:{message.number}", None, answer))
    if error is not None:
        raise error


def _reason(form: dict[str, str], status: str) -> Reason:
    code = form.get("ErrorCode", "")
    return Reason(system="twilio", code=code if code.isascii() and code.isdecimal() else status)
