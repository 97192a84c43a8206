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
    """Who writes, as patients read it."""

    model_config = read_from("NOTIFICATIONS_")

    sender_name: str = Field(min_length=1, max_length=30)
    """Who writes to patients."""
    phone: str = Field(min_length=7, max_length=20)
    """For patients' questions, where the visit's own number cannot be used."""


class SmsSettings(BaseSettings):
    """A gateway by Twilio's convention."""

    model_config = read_from("NOTIFICATIONS_SMS_")

    auth_token: SecretStr
    """The account's token: it signs what the gateway tells us."""
    sender: str = Field(min_length=1)
    """The number that texts come from."""
    account_sid: Annotated[str, OnlyInDemos((_NOBODY,), "it is nobody's account: give the gateway's")] = _NOBODY
    """The account."""
    url: Url = "http://127.0.0.1:8190"
    """The gateway."""
    callback_url: Url = "http://127.0.0.1:8104"
    """Where the gateway reaches this service."""


class MailSettings(BaseSettings):
    """The mail server that takes our messages."""

    model_config = read_from("NOTIFICATIONS_MAIL_")

    sender: Annotated[str, StringConstraints(pattern=r"^[!-~]+@[A-Za-z0-9.-]+$")]
    """The address that mails come from."""
    host: str = "127.0.0.1"
    """The mail server."""
    port: int = Field(default=8125, ge=1, le=65535)
    """Its port."""
    security: Annotated[
        Literal["starttls", "tls", "none"],
        OnlyInDemos(("none",), "messages to patients would travel in the clear: give starttls or tls"),
    ] = "starttls"
    """How it is spoken to."""
    username: str | None = None
    """Our user there."""
    password: SecretStr | None = None
    """That user's password."""


class NotificationsSettings(ServiceSettings):
    """All settings of the service."""

    letterhead: LetterheadSettings = Field(default_factory=LetterheadSettings)
    sms: SmsSettings = Field(default_factory=SmsSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
