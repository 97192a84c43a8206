"""Sends text messages and e-mail to patients. Messages are written here; whether to send is decided elsewhere."""

from services.notifications.gateways.addresses import e164, is_mailable
from services.notifications.gateways.mail import MailGateway
from services.notifications.gateways.opt_outs import OPT_OUT, OptOuts, told_by
from services.notifications.gateways.signature import is_signed
from services.notifications.gateways.sms import CALLBACK_PATH, REPLY_PATH, Confirmations, SmsGateway
from services.notifications.gateways.writer import Writer

__all__ = [
    "CALLBACK_PATH",
    "OPT_OUT",
    "REPLY_PATH",
    "Confirmations",
    "MailGateway",
    "OptOuts",
    "SmsGateway",
    "Writer",
    "e164",
    "is_mailable",
    "is_signed",
    "told_by",
]
