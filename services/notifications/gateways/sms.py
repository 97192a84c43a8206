"""Text messages, by Twilio's convention: a form, basic authentication, and a callback on what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import httpx2
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from services.notifications.domain import Conversation, is_timely
from services.notifications.gateways.answers import not_recalled, postponed, refused, taken
from services.notifications.gateways.writer import Text, Writer
from services.notifications.settings import SmsSettings
from shared import audit
from shared.effects import NotTaken, exchange
from shared.errors import Unknown
from shared.ports import Answer, Call, Traits

TIMEOUT_S: Final = 10.0
CALLBACK_PATH: Final = "/v1/sms-callbacks"
MISCONFIGURED: Final = (401, 403, 404)
"""Nothing was sent, and nothing will be until somebody mends the settings: tried again, then handed over."""
REFUSED: Final = (400, 422)


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
            response = await self._post(text, state.message_id(message.number))
        except NotTaken as error:
            return Answer("not_taken", retry_after_s=error.retry_after_s)
        if response.status_code in REFUSED:
            return refused(call, now, *_reason(response))
        return taken(call, now, _sid(response))

    async def _post(self, text: Text, message_id: str) -> httpx2.Response:
        settings = self.settings
        audit.to("patient:sms")
        return await exchange(
            self.http,
            "POST",
            f"{settings.url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
            timeout_s=TIMEOUT_S,
            not_taken=MISCONFIGURED,
            auth=(settings.account_sid, settings.auth_token.get_secret_value()),
            data={
                "To": text.to,
                "From": settings.sender,
                "Body": text.body,
                "StatusCallback": f"{settings.callback_url}{CALLBACK_PATH}?message={message_id}",
            },
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
