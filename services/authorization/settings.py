"""What authorization needs to know beyond what every service does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import read_from

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^?#\s]+$")]


class OwnSettings(BaseSettings):
    """`payer_url` is where payers are asked whose register entry names no endpoint, `public_url` where they answer.

    `payers_file` says who they are.
    """

    model_config = read_from("AUTHORIZATION_")

    payer_url: Url = "http://127.0.0.1:8190"
    public_url: Url = "http://127.0.0.1:8102"
    payers_file: Path = Path("deploy/config/payers.json")


class AuthorizationSettings(ServiceSettings):
    """All settings of the service."""

    own: OwnSettings = Field(default_factory=OwnSettings)
