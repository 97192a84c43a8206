"""An SMS gateway by Twilio's convention: it takes the same message as often as it is sent, and reports on each.

Numbers and texts are counted by digest and not kept.
"""

import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, Field, SecretStr

from deploy.simulators.behaviour import digest
from deploy.simulators.callbacks import CallbackUrl
from deploy.simulators.endpoint import Endpoint
from deploy.simulators.journal import transaction
from deploy.simulators.scenario import IncomingCall
from deploy.simulators.schedule import ScheduledCallback

STATUS = {"deliver": {"MessageStatus": "delivered"}, "fail": {"MessageStatus": "undelivered", "ErrorCode": "30003"}}
REPORTED_AFTER = timedelta(milliseconds=300)


class Message(BaseModel):
    """The form that Twilio's Messages resource takes."""

    to: str = Field(alias="To", min_length=1, max_length=64)
    sender: str = Field(alias="From", min_length=1, max_length=64)
    text: str = Field(alias="Body", min_length=1, max_length=1600)
    status_callback: CallbackUrl | None = Field(alias="StatusCallback", default=None)


def messages_path(account_sid: str) -> str:
    """Where an account's messages are posted."""
    return f"/2010-04-01/Accounts/{account_sid}/Messages.json"


def text_key(to: str, text: str) -> str:
    """What `/counts/sms/{…}` calls this text to this number; two sends of it are counted as two."""
    return digest(to, text)


def number_key(to: str) -> str:
    """What `/counts/sms_number/{…}` calls this number."""
    return digest(to)


def routes(endpoint: Endpoint, account_sid: str, auth_token: SecretStr) -> APIRouter:
    """What the gateway offers, by basic authentication with account and token."""
    basic = HTTPBasic()

    async def is_customer(given: Annotated[HTTPBasicCredentials, Depends(basic)]) -> None:
        known = f"{account_sid}\n{auth_token.get_secret_value()}"
        if not secrets.compare_digest(known.encode(), f"{given.username}\n{given.password}".encode()):
            raise HTTPException(HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Basic"})

    router = APIRouter(tags=["sms"], dependencies=[Depends(is_customer)])

    @router.post(messages_path(account_sid), status_code=HTTPStatus.CREATED)
    async def send(message: Annotated[Message, Form()], request: Request) -> Response:
        key = text_key(message.to, message.text)
        return await endpoint.answer(
            request, IncomingCall("sms", "sms", key, "sends"), lambda: _send(endpoint, account_sid, key, message)
        )

    return router


def _send(endpoint: Endpoint, account_sid: str, key: str, message: Message) -> Response:
    with transaction(endpoint.database):
        nth = endpoint.journal.count("sms", key, "effects")
        endpoint.journal.count("sms_number", number_key(message.to), "effects")
        sid = f"SM{digest(endpoint.seed, key, str(nth))}"
        if message.status_callback:
            status = STATUS[endpoint.behaviour("sms", message.to)]
            body = {"AccountSid": account_sid, "MessageSid": sid} | status
            due_at = endpoint.clock.now() + REPORTED_AFTER
            endpoint.schedule.add([ScheduledCallback(due_at, "sms", key, message.status_callback, body, "twilio")])
    return JSONResponse({"sid": sid, "status": "queued"}, HTTPStatus.CREATED)
