"""What authorization needs to know beyond what every service does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import OnlyInDemos, Url, read_from

_INVENTED = Path("deploy/config/payers.json")


class OwnSettings(BaseSettings):
    """Payers, and where they find us."""

    model_config = read_from("AUTHORIZATION_")

    payer_url: Url = "http://127.0.0.1:8190"
    """Where payers are asked whose entry in the register names no endpoint."""
    public_url: Url = "http://127.0.0.1:8102"
    """Where payers reach this service."""
    payers_file: Annotated[Path, OnlyInDemos((_INVENTED,), "its payers are invented: name a list of yours")] = _INVENTED
    """The payers, and what each wants."""


class AuthorizationSettings(ServiceSettings):
    """All settings of the service."""

    own: OwnSettings = Field(default_factory=OwnSettings)
