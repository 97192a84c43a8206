"""The outside world at once: payers approve, offices accept, text messages arrive, all in the moment of asking.

The simulators play people, on disk and by the hour; here they would be most of what is measured. Keeps nothing.
"""

import asyncio
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import uvloop

from bench.wire import Connection, Message, ServerConnection, answer, request
from tests.support.outside.counterparties import certified
from tests.support.outside.sms_gateway import message_sid, signature

CALLERS = 16
TOKEN_LIVES_S = 3600
"""One token a run and party: what tokens cost is not what is measured."""
REPORTED_AFTER_S = 0.005
"""A gateway reports after it has answered, never before."""


class Outside:
    """All parties behind one port. `token` signs what the gateway reports."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._reports: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def serve(self, message: Message) -> bytes:
        """Answer one request."""
        method, path, _ = message.first_line.decode().split(" ", 2)
        parts = path.strip("/").split("/")
        if parts[0] == "readyz":
            return answer(200, b"{}")
        if method == "GET":
            return answer(404, b"{}")
        if parts[0] == "parties":
            return answer(200, json.dumps({"access_token": path, "expires_in": TOKEN_LIVES_S}).encode())
        if method == "DELETE":
            return answer(200, json.dumps({"request_id": parts[-1], "visit_id": parts[-1]}).encode())
        if parts[0] == "payers":
            status, answered = _payer(parts, json.loads(message.body))
        elif parts[0] == "offices":
            status, answered = _office(parts)
        else:
            status, answered = self._gateway(dict(parse_qsl(message.body.decode())))
        return answer(status, json.dumps(answered).encode())

    def _gateway(self, form: dict[str, str]) -> tuple[int, Any]:
        url = form["StatusCallback"]
        sid = message_sid(url)
        asyncio.get_running_loop().call_later(REPORTED_AFTER_S, self._reports.put_nowait, (url, sid))
        return 201, {"sid": sid, "status": "queued"}

    async def report(self) -> None:
        """Report what became of messages, until cancelled."""
        connection: Connection | None = None
        while True:
            url, sid = await self._reports.get()
            parts = urlsplit(url)
            connection = connection if connection and connection.is_open else await Connection.to(parts.port or 80)
            try:
                await connection.ask(self._receipt(url, f"{parts.path}?{parts.query}", sid))
            except ConnectionError:
                self._reports.put_nowait((url, sid))

    def _receipt(self, url: str, path: str, sid: str) -> bytes:
        form = {"MessageSid": sid, "MessageStatus": "delivered"}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature(self._token, url, form),
        }
        return request("POST", path, headers, urlencode(form).encode())


def _payer(parts: list[str], asked: dict[str, Any]) -> tuple[int, Any]:
    if parts[-1] == "eligibility":
        return 200, {"check_id": asked["check_id"], "eb01": "1", "auth_required": "Y"}
    now = datetime.fromtimestamp(time.time(), UTC)
    item = certified(asked, now.date(), timedelta(days=365), units=3)
    decision = {"request_id": parts[-1], "number": 1, "reference": f"INV-{parts[-1][:12]}", "action": "A1"}
    return 201, {**decision, "received_at": now.isoformat(), "items": [item]}


def _office(parts: list[str]) -> tuple[int, Any]:
    if parts[2] == "requests":
        return 202, {"request_id": parts[3], "status": "accepted"}
    return 201, {"visit_id": parts[3], "status": "booked"}


async def main() -> None:
    """Serve until told to stop."""
    outside = Outside(os.environ["SIMULATORS_SMS_AUTH_TOKEN"])
    port = int(os.environ["SIMULATORS_PORT"])
    server = await asyncio.get_running_loop().create_server(lambda: ServerConnection(outside.serve), "127.0.0.1", port)
    async with server:
        await asyncio.gather(*[outside.report() for _ in range(CALLERS)])


if __name__ == "__main__":
    uvloop.run(main())
