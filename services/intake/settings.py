"""What intake needs to know beyond what every service does."""

from pathlib import Path
from zoneinfo import available_timezones

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import Url, read_from


class OwnSettings(BaseSettings):
    """`ehr_url` is where an EHR is asked whose register entry names no endpoint, `public_url` where it answers.

    A zone is of IANA.
    """

    model_config = read_from("INTAKE_")

    ehr_url: Url = "http://127.0.0.1:8190"
    public_url: Url = "http://127.0.0.1:8101"
    pathways_file: Path = Path("deploy/config/pathways.json")
    home_timezone: str = "America/New_York"
    """Where a day without a time begins; and of patients, where nothing says what their clock is."""

    @field_validator("home_timezone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("The home time zone is not one of IANA.")
        return zone


class IntakeSettings(ServiceSettings):
    """All settings of the service."""

    own: OwnSettings = Field(default_factory=OwnSettings)
