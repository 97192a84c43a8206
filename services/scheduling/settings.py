"""What scheduling needs to know beyond what every service does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import OnlyInDemos, Url, read_from

_INVENTED = Path("deploy/config/directory.json")


class OwnSettings(BaseSettings):
    """`offices_url` is where offices without an endpoint of their own are reached, `public_url` where they answer us.

    Their reports go to `reports_url`, where intake takes them.
    """

    model_config = read_from("SCHEDULING_")

    offices_url: Url = "http://127.0.0.1:8190"
    public_url: Url = "http://127.0.0.1:8103"
    reports_url: Url = "http://127.0.0.1:8101"
    directory_file: Annotated[
        Path, OnlyInDemos((_INVENTED,), "its providers are invented: name a directory of yours")
    ] = _INVENTED


class SchedulingSettings(ServiceSettings):
    """All settings of the service."""

    own: OwnSettings = Field(default_factory=OwnSettings)
