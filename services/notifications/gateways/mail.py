"""E-mail over SMTP: one connection and one message per call, under a Message-ID that no retry changes."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Final

import aiosmtplib

from services.notifications.domain import Conversation, is_timely
from services.notifications.gateways.answers import not_recalled, postponed, refused, taken
from services.notifications.gateways.writer import Letter, Writer
from services.notifications.settings import MailSettings
from shared import audit
from shared.errors import Unknown
from shared.ports import Answer, Call, Traits

TIMEOUT_S: Final = 10.0
FAILURES: Final = (aiosmtplib.SMTPException, OSError, TimeoutError)
NOT_NOW: Final = frozenset({421, 450, 452})
"""Replies to the message that say that it was not taken (RFC 5321 §4.2.2). 451 can follow a message that was kept."""
FOR_GOOD: Final = 500


@dataclass(frozen=True)
class MailGateway:
    """One kind of e-mail. What `may_repeat` is sent again in doubt, under the same Message-ID."""

    settings: MailSettings
    writer: Writer
    may_repeat: bool

    @property
    def traits(self) -> Traits:
        """It can neither be asked nor recalled. The server may let us wait as long before it lets us in as after."""
        return Traits(may_repeat=self.may_repeat, land_s=2 * TIMEOUT_S)

    async def call(self, call: Call, state: Conversation, now: datetime) -> Answer:
        """Send the message, once. Raises Unknown when nobody can tell whether the server kept it."""
        message = state.message(call.revision)
        if call.act != "send" or message is None:
            return not_recalled(call, now)
        if not is_timely(state, message.number, now):
            return postponed(call, now)
        letter = self.writer.letter(state, message)
        if letter is None:
            return refused(call, now, "throughline", "not-reachable")
        message_id = f"<{call.effect_id}@{self.settings.sender.rpartition('@')[2]}>"
        return await self._deliver(call, now, self._mail(letter, message_id, now))

    async def _deliver(self, call: Call, now: datetime, mail: EmailMessage) -> Answer:
        client = self._client()
        audit.to("patient:mail")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await client.connect()
        except FAILURES:
            client.close()
            return Answer("not_taken")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await client.send_message(mail)
        except FAILURES as error:
            return _answer(call, now, error)
        finally:
            with suppress(*FAILURES):
                await client.quit(timeout=1)
            client.close()
        return taken(call, now, str(mail["Message-ID"]))

    def _client(self) -> aiosmtplib.SMTP:
        settings = self.settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            timeout=TIMEOUT_S,
        )

    def _mail(self, letter: Letter, message_id: str, now: datetime) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = formataddr((self.writer.letterhead.sender_name, self.settings.sender))
        mail["To"] = letter.to
        mail["Subject"] = letter.subject
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = message_id
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.plain)
        mail.add_alternative(letter.html, subtype="html")
        return mail


def _answer(call: Call, now: datetime, error: Exception) -> Answer:
    """The meaning of a failure while sending. A refused recipient or sender comes before the message is passed on."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [recipient.code for recipient in error.recipients]
        return _refusal(call, now, min(codes)) if codes else Answer("not_taken")
    if isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPNotSupported):
        return Answer("not_taken")
    if isinstance(error, aiosmtplib.SMTPDataError) and (error.code in NOT_NOW or error.code >= FOR_GOOD):
        return _refusal(call, now, error.code)
    raise Unknown("Nobody can tell whether the mail server kept it.") from None


def _refusal(call: Call, now: datetime, code: int) -> Answer:
    return refused(call, now, "smtp", str(code)) if code >= FOR_GOOD else Answer("not_taken")
