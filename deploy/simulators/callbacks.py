"""Sends the scheduled callbacks: each that is due is posted until it is accepted or refused.

A callback may arrive twice when the process dies between the answer and the note of it; it is never lost.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

import httpx2
import structlog
from pydantic import AfterValidator, AnyHttpUrl, SecretStr, TypeAdapter

from deploy.simulators.journal import Journal
from deploy.simulators.schedule import DueCallback, Schedule, ScheduledCallback
from shared.errors import Unavailable
from shared.ports import Clock

POLL_S = 0.05
AT_ONCE = 32
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
# These say "not now"; every other 4xx says "never".
NOT_NOW = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)

log = structlog.get_logger()


def _is_http(url: str) -> str:
    """Checked, and left as it was written: a signature covers every character."""
    TypeAdapter(AnyHttpUrl).validate_python(url)
    return url


CallbackUrl = Annotated[str, AfterValidator(_is_http)]


def twilio_signature(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1, keyed by the token, over the URL and the form's pairs sorted by name."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


@dataclass(frozen=True, slots=True)
class CallbackSender:
    """Sends what is due. The clock's time is simulated; `token` gives a bearer token for a callback and its owner."""

    schedule: Schedule
    journal: Journal
    clock: Clock
    token: Callable[[ScheduledCallback, str], Awaitable[str]]
    sms_auth_token: SecretStr
    http: httpx2.AsyncClient

    async def run(self) -> None:
        """Send what falls due, until cancelled."""
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                for due in self._claim(AT_ONCE - len(under_way)):
                    task = group.create_task(self._send(due))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                await self.clock.sleep(POLL_S)

    def _claim(self, limit: int) -> list[DueCallback]:
        try:
            return self.schedule.claim(self.clock.now(), self.clock.monotonic(), limit)
        except Unavailable:  # nobody has told the time yet
            return []

    async def _send(self, due: DueCallback) -> None:
        callback = due.callback
        self.journal.count(callback.kind, callback.identifier, "callbacks_sent")
        try:
            answer = await self._post(callback)
        except Exception as error:  # whatever went wrong, the callback stays scheduled
            log.warning("callback not answered", kind=callback.kind, exc_info=error)
            self._try_again(due)
            return
        if answer.is_success:
            self.journal.count(callback.kind, callback.identifier, "callbacks_accepted")
            self.schedule.finish(due)
        elif answer.is_client_error and answer.status_code not in NOT_NOW:
            log.warning("callback refused", kind=callback.kind, status=answer.status_code)
            self.journal.count(callback.kind, callback.identifier, "callbacks_refused")
            self.schedule.finish(due)
        else:
            self._try_again(due)

    def _try_again(self, due: DueCallback) -> None:
        pause_s = min(FIRST_PAUSE_S * 2 ** min(due.tries, 10), LONGEST_PAUSE_S)
        self.schedule.defer(due, self.clock.monotonic() + pause_s)

    async def _post(self, callback: ScheduledCallback) -> httpx2.Response:
        if callback.style == "twilio":
            signature = twilio_signature(self.sms_auth_token.get_secret_value(), callback.url, callback.body)
            return await self.http.post(callback.url, data=callback.body, headers={"X-Twilio-Signature": signature})
        headers = {"Authorization": f"Bearer {await self.token(callback, self._owner_of(callback))}"}
        return await self.http.post(callback.url, json=callback.body, headers=headers)

    def _owner_of(self, callback: ScheduledCallback) -> str:
        """The payer or provider at whom it is filed; a report is scheduled with the visit that it is about."""
        kind = "visit" if callback.kind == "report" else callback.kind
        record = self.journal.find(kind, callback.identifier)
        return record.owner if record else ""
