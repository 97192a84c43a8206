"""What notifications needs to know: who we are to patients, and by which gateways. No secret has a default.

Nor has anything that a patient reads: whoever runs this says who writes.
"""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import OnlyInDemos, Url, read_from

_NOBODY = f"AC{'0' * 32}"


class LetterheadSettings(BaseSettings):
    """Who writes, as patients read it. `phone` is for questions where the visit's own number cannot be used."""

    model_config = read_from("NOTIFICATIONS_")

    sender_name: str = Field(min_length=1, max_length=30)
    phone: str = Field(min_length=7, max_length=20)


class SmsSettings(BaseSettings):
    """A gateway by Twilio's convention. `callback_url` is where it finds this service."""

    model_config = read_from("NOTIFICATIONS_SMS_")

    auth_token: SecretStr
    sender: str = Field(min_length=1)
    account_sid: Annotated[str, OnlyInDemos((_NOBODY,), "it is nobody's account: give the gateway's")] = _NOBODY
    url: Url = "http://127.0.0.1:8190"
    callback_url: Url = "http://127.0.0.1:8104"


class MailSettings(BaseSettings):
    """The mail server that takes our messages."""

    model_config = read_from("NOTIFICATIONS_MAIL_")

    sender: Annotated[str, StringConstraints(pattern=r"^[!-~]+@[A-Za-z0-9.-]+$")]
    host: str = "127.0.0.1"
    port: int = Field(default=8125, ge=1, le=65535)
    security: Annotated[
        Literal["starttls", "tls", "none"],
        OnlyInDemos(("none",), "messages to patients would travel in the clear: give starttls or tls"),
    ] = "starttls"
    username: str | None = None
    password: SecretStr | None = None


class NotificationsSettings(ServiceSettings):
    """All settings of the service."""

    letterhead: LetterheadSettings = Field(default_factory=LetterheadSettings)
    sms: SmsSettings = Field(default_factory=SmsSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
