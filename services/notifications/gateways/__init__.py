"""Sends text messages and e-mail to patients. Messages are written here; whether to send is decided elsewhere."""

from services.notifications.gateways.addresses import e164, is_mailable
from services.notifications.gateways.mail import MailGateway
from services.notifications.gateways.signature import is_signed
from services.notifications.gateways.sms import CALLBACK_PATH, SmsGateway
from services.notifications.gateways.writer import Writer

__all__ = ["CALLBACK_PATH", "MailGateway", "SmsGateway", "Writer", "e164", "is_mailable", "is_signed"]
