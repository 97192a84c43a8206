"""Text messages, by Twilio's convention: a form, basic authentication, and a callback on what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import httpx2
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from services.notifications.domain import Conversation, is_timely
from services.notifications.domain.opt_out import DropConfirmation, OptOut
from services.notifications.gateways.answers import BY, not_recalled, postponed, refused, taken
from services.notifications.gateways.opt_outs import OptOuts, told_by
from services.notifications.gateways.writer import Text, Writer
from services.notifications.settings import SmsSettings
from shared import audit
from shared.contracts.language import tenant_of
from shared.effects import NotTaken, exchange
from shared.errors import Busy, Unavailable, Unknown
from shared.ports import Answer, Call, Traits

TIMEOUT_S: Final = 10.0
CALLBACK_PATH: Final = "/v1/sms-callbacks"
REPLY_PATH: Final = "/v1/sms-replies"
MISCONFIGURED: Final = (401, 403, 404)
"""Nothing was sent, and nothing will be until somebody mends the settings: tried again, then handed over."""
REFUSED: Final = (400, 422)
OPTED_OUT: Final = ("throughline", "opted-out")
STOPPED_AT_GATEWAY: Final = ("twilio", "21610")
"""https://www.twilio.com/docs/api/errors/21610: the holder has written STOP to this sender."""


class Accepted(BaseModel):
    """What the gateway says of a message that it took."""

    sid: Annotated[str, StringConstraints(pattern=r"^(SM|MM)[0-9a-f]{32}$")]


class Refused(BaseModel):
    """What it says of one that it did not; its sentence may repeat the number, so that only the code is read."""

    code: int = Field(ge=0, le=999_999)


@dataclass(frozen=True)
class SmsGateway:
    """One kind of text message. What `may_repeat` is sent again in doubt: the gateway does not deduplicate."""

    http: httpx2.AsyncClient
    settings: SmsSettings
    writer: Writer
    may_repeat: bool
    opt_outs: OptOuts

    @property
    def traits(self) -> Traits:
        """It cannot be asked by an id of ours, and nothing can be recalled."""
        return Traits(may_repeat=self.may_repeat, land_s=TIMEOUT_S)

    async def call(self, call: Call, state: Conversation, now: datetime) -> Answer:
        """Send the message, once. Raises Unknown on silence and on answers that are not the gateway's."""
        message = state.message(call.revision)
        if call.act != "send" or message is None:
            return not_recalled(call, now)
        if not is_timely(state, message.number, now):
            return postponed(call, now)
        text = self.writer.text(state, message)
        if text is None:
            return refused(call, now, "throughline", "not-reachable")
        try:
            return await self._sent(call, state.message_id(message.number), text, now)
        except NotTaken as error:
            return Answer("not_taken", retry_after_s=error.retry_after_s)
        except (Busy, Unavailable):
            return Answer("not_taken")  # nobody knows whether the patient wants texts, so none goes out

    async def _sent(self, call: Call, message_id: str, text: Text, now: datetime) -> Answer:
        if await self.opt_outs.has(tenant_of(call.aggregate_id), text.to):
            return refused(call, now, *OPTED_OUT)
        receipts = f"{self.settings.callback_url}{CALLBACK_PATH}?message={message_id}"
        response = await post(self.http, self.settings, text, {"StatusCallback": receipts})
        if response.status_code in REFUSED:
            return await self._refused(call, now, text, *_reason(response))
        return taken(call, now, _sid(response))

    async def _refused(self, call: Call, now: datetime, text: Text, system: str, code: str) -> Answer:
        """The carrier may know of an opt-out before we do: then it holds here, too, and was confirmed there."""
        if (system, code) == STOPPED_AT_GATEWAY:
            told = told_by(BY, now, "effect")
            await self.opt_outs.stop(tenant_of(call.aggregate_id), text.to, call.effect_id, told, is_confirmed=True)
        return refused(call, now, system, code)


@dataclass(frozen=True)
class Confirmations:
    """Tells a number once that it gets no more texts. It is the last text until its holder writes START."""

    http: httpx2.AsyncClient
    settings: SmsSettings
    writer: Writer
    opt_outs: OptOuts

    @property
    def traits(self) -> Traits:
        """Rather not said than said twice."""
        return Traits(may_repeat=False, land_s=TIMEOUT_S)

    async def call(self, call: Call, state: OptOut, now: datetime) -> Answer:
        """Send the confirmation. Raises Unknown on silence and on answers that are not the gateway's."""
        # It answers what its holder wrote just now, so no hour is wrong (47 CFR 64.1200(a)(12)).
        if call.act != "send" or state.number is None:
            return Answer("nothing")
        text = self.writer.confirmation(self.opt_outs.number_of(call.aggregate_id, state))
        try:
            response = await post(self.http, self.settings, text)
        except NotTaken as error:
            return Answer("not_taken", retry_after_s=error.retry_after_s)
        if response.status_code in REFUSED:
            return Answer("not_taken", command=DropConfirmation(**told_by(BY, now, "effect")))
        return Answer("alive", refs=(_sid(response),))


async def post(
    http: httpx2.AsyncClient, settings: SmsSettings, text: Text, more: Mapping[str, str] | None = None
) -> httpx2.Response:
    """Hand one text to the gateway. Raises NotTaken and Unknown."""
    audit.to("patient:sms")
    return await exchange(
        http,
        "POST",
        f"{settings.url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        timeout_s=TIMEOUT_S,
        not_taken=MISCONFIGURED,
        auth=(settings.account_sid, settings.auth_token.get_secret_value()),
        data={"To": text.to, "From": settings.sender, "Body": text.body, **(more or {})},
    )


def _sid(response: httpx2.Response) -> str:
    try:
        return Accepted.model_validate_json(response.content).sid
    except ValidationError:
        raise Unknown("An answer that is not the gateway's.") from None


def _reason(response: httpx2.Response) -> tuple[str, str]:
    try:
        return "twilio", str(Refused.model_validate_json(response.content).code)
    except ValidationError:
        return "http", str(response.status_code)
