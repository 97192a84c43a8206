"""A mail server: it takes every message, counts it by Message-ID and throws it away."""

import asyncio
import logging
from email.parser import BytesHeaderParser

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.simulators.endpoint import Endpoint
from deploy.simulators.scenario import Fault, IncomingCall

TAKEN = "250 2.0.0 Taken"
REFUSALS = {
    "refuse": "421 4.3.2 Down for a moment",
    "429": "450 4.7.1 Too many messages",
    "500": "451 4.3.0 Something broke",
    "500_after_effect": "451 4.3.0 Something broke",
}


class Inbox:
    """What aiosmtpd calls when a message has come."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Count the message, take it and answer, or fail as injected."""
        message_id = _message_id(envelope)
        fault = self._endpoint.meet(IncomingCall("mail", "mail", message_id, "sends"))
        if fault is None or fault.kind == "latency" or fault.kind.endswith("after_effect"):
            self._endpoint.journal.count("mail", message_id, "effects")
        return await _answer(fault, server) if fault else TAKEN


async def listen(endpoint: Endpoint, host: str, port: int) -> asyncio.Server:
    """Serve SMTP in the running loop."""
    # aiosmtpd logs every address it hears.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(Inbox(endpoint), hostname="mail.simulated", enable_SMTPUTF8=True, loop=loop), host, port
    )


async def _answer(fault: Fault, server: SMTP) -> str:
    if fault.kind in {"latency", "timeout_after_effect"}:
        await asyncio.sleep(fault.seconds)
    if fault.kind in {"reset", "timeout_after_effect"} and isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
    return REFUSALS.get(fault.kind, TAKEN)


def _message_id(envelope: Envelope) -> str:
    """The Message-ID without its brackets; messages without one are counted together."""
    headers = BytesHeaderParser().parsebytes(envelope.original_content or b"")
    return str(headers.get("Message-ID", "none")).strip().strip("<>")
