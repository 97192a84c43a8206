"""Puts notifications together. It decides nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fastapi import FastAPI

from services.notifications.api import OPEN_PATHS, POLICY, callbacks, router
from services.notifications.domain.opt_out import CONFIRMATION
from services.notifications.gateways import Confirmations, MailGateway, OptOuts, SmsGateway, Writer
from services.notifications.handlers import reactions
from services.notifications.settings import LetterheadSettings, MailSettings, NotificationsSettings, SmsSettings
from services.notifications.store import COLLECTION, CONVERSATION, OPT_OUT, OPT_OUTS
from shared.ports import Gateway
from shared.service import Blueprint, Kind, Parts, assemble, settings_from_environment
from shared.world import World

SERVICE: Final = Blueprint(
    name="notifications",
    kinds=(
        Kind(
            CONVERSATION,
            COLLECTION,
            consumes=("intake", "scheduling"),
            reactions=lambda parts: reactions(parts.keyring),
            publishes="notifications",
        ),
        Kind(OPT_OUT, OPT_OUTS),
    ),
    policy=POLICY,
    opens=("contact", "visit"),
    open_paths=OPEN_PATHS,
)
"""The service as it is with any settings."""


def blueprint(letterhead: LetterheadSettings, sms: SmsSettings, mail: MailSettings) -> Blueprint:
    """The service with these settings."""

    def gateways(parts: Parts) -> Mapping[str, Gateway]:
        writer, opt_outs = Writer(parts.keyring, letterhead), OptOuts(parts.keyring, parts.engines)
        return {
            "sms": SmsGateway(parts.clients.plain, sms, writer, may_repeat=True, opt_outs=opt_outs),
            "sms_once": SmsGateway(parts.clients.plain, sms, writer, may_repeat=False, opt_outs=opt_outs),
            "email": MailGateway(mail, writer, may_repeat=True),
            "email_once": MailGateway(mail, writer, may_repeat=False),
        }

    def confirmations(parts: Parts) -> Mapping[str, Gateway]:
        writer, opt_outs = Writer(parts.keyring, letterhead), OptOuts(parts.keyring, parts.engines)
        return {CONFIRMATION: Confirmations(parts.clients.plain, sms, writer, opt_outs)}

    conversations, numbers = SERVICE.kinds
    kinds = (replace(conversations, gateways=gateways), replace(numbers, gateways=confirmations))
    return replace(SERVICE, kinds=kinds, routers=(router, callbacks(sms)))


def create_app(settings: NotificationsSettings | None = None, world: World | None = None) -> FastAPI:
    """The app; settings come from the environment unless given."""
    settings = settings or settings_from_environment(NotificationsSettings, "notifications")
    return assemble(blueprint(settings.letterhead, settings.sms, settings.mail), settings, world)
