"""The real mail gateway, whose connection to the mail server is played by a function."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage

from services.notifications.gateways import MailGateway
from services.notifications.gateways.answers import taken
from shared.effects import NotTaken
from shared.ports import Answer, Call, Gateway
from shared.service import Blueprint, Kind, Parts

Send = Callable[[str], Awaitable[None]]
"""Hands a message with this Message-ID to the mail server. Raises NotTaken, or Unknown."""


@dataclass(frozen=True)
class PlayedMail(MailGateway):
    """All of the gateway but its connection."""

    send: Send

    async def _deliver(self, call: Call, now: datetime, mail: EmailMessage) -> Answer:
        message_id = str(mail["Message-ID"])
        try:
            await self.send(message_id)
        except NotTaken:
            return Answer("not_taken")
        return taken(call, now, message_id)


def with_played_mail(plan: Blueprint, send: Callable[[Parts], Send]) -> Blueprint:
    """The same service, whose mail goes this way."""

    def played(kind: Kind) -> Kind:
        def gateways(parts: Parts) -> dict[str, Gateway]:
            found = kind.gateways(parts)
            return {effect: _played(real, send(parts)) for effect, real in found.items()}

        return replace(kind, gateways=gateways)

    return replace(plan, kinds=tuple(played(kind) for kind in plan.kinds))


def _played(real: Gateway, send: Send) -> Gateway:
    if not isinstance(real, MailGateway):
        return real
    return PlayedMail(real.settings, real.writer, real.may_repeat, send)
