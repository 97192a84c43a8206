"""What notifications needs to know: who we are to patients, and by which gateways. No secret has a default.

Nor has anything that a patient reads: whoever runs this says who writes.
"""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import Url, read_from


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
    account_sid: str = "AC00000000000000000000000000000000"
    url: Url = "http://127.0.0.1:8190"
    callback_url: Url = "http://127.0.0.1:8104"


class MailSettings(BaseSettings):
    """The mail server that takes our messages."""

    model_config = read_from("NOTIFICATIONS_MAIL_")

    sender: Annotated[str, StringConstraints(pattern=r"^[!-~]+@[A-Za-z0-9.-]+$")]
    host: str = "127.0.0.1"
    port: int = Field(default=8125, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None


class NotificationsSettings(ServiceSettings):
    """All settings of the service."""

    letterhead: LetterheadSettings = Field(default_factory=LetterheadSettings)
    sms: SmsSettings = Field(default_factory=SmsSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
