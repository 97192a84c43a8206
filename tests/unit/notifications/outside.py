"""The world outside: an SMS gateway by Twilio's convention, and a real mail server on this machine."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs

import httpx2
from aiosmtpd.smtp import SMTP, Envelope

SID = "SM0123456789abcdef0123456789abcdef"


@dataclass
class Twilio:
    """Answers as told, and keeps what it was asked."""

    status: int = 201
    content: bytes = b'{"sid": "%s", "status": "queued"}' % SID.encode()
    error: Exception | None = None
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        self.requests.append(request)
        if self.error:
            raise self.error
        return httpx2.Response(self.status, content=self.content)

    @property
    def form(self) -> dict[str, str]:
        """The form of the only request."""
        assert 1 == len(self.requests)
        return {name: values[0] for name, values in parse_qs(self.requests[0].content.decode()).items()}


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """What Twilio signs with."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


@dataclass
class Server:
    """A real mail server on this machine that answers as told."""

    to_sender: str = "250 OK"
    to_recipient: str = "250 OK"
    to_data: str = "250 OK"
    hangs_up: bool = False
    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """MAIL FROM."""
        envelope.mail_from = address
        return self.to_sender

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """RCPT TO."""
        envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """The message."""
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.SMTP)
        assert isinstance(mail, EmailMessage)
        self.received.append(mail)
        if self.hangs_up and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return self.to_data


@asynccontextmanager
async def mail_server() -> AsyncIterator[Server]:
    """A mail server that takes everything."""
    inbox = Server()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(inbox, hostname="mail.example", loop=loop), "127.0.0.1", 0)
    inbox.port = listening.sockets[0].getsockname()[1]
    yield inbox
    listening.close()
