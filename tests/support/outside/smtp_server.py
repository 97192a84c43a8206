"""A real mail server on this machine that answers as told, and keeps what it was sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


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
