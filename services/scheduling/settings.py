"""What scheduling needs to know beyond what every service does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import OnlyInDemos, Url, read_from

_INVENTED = Path("deploy/config/directory.json")


class OwnSettings(BaseSettings):
    """Offices, and where they find us."""

    model_config = read_from("SCHEDULING_")

    offices_url: Url = "http://127.0.0.1:8190"
    """Where offices are asked whose entry in the register names no endpoint."""
    public_url: Url = "http://127.0.0.1:8103"
    """Where offices reach this service."""
    reports_url: Url = "http://127.0.0.1:8101"
    """Where offices reach intake with their reports."""
    directory_file: Annotated[
        Path, OnlyInDemos((_INVENTED,), "its providers are invented: name a directory of yours")
    ] = _INVENTED
    """The directory of providers."""


class SchedulingSettings(ServiceSettings):
    """All settings of the service."""

    own: OwnSettings = Field(default_factory=OwnSettings)
