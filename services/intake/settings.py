"""What intake needs to know beyond what every service does."""

from pathlib import Path
from zoneinfo import available_timezones

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import Url, read_from


class OwnSettings(BaseSettings):
    """EHRs, and where they find us; what is done with an order."""

    model_config = read_from("INTAKE_")

    ehr_url: Url = "http://127.0.0.1:8190"
    """Where EHRs are asked whose entry in the register names no endpoint."""
    public_url: Url = "http://127.0.0.1:8101"
    """Where EHRs reach this service."""
    pathways_file: Path = Path("deploy/config/pathways.json")
    """What each kind of order needs."""
    home_timezone: str = "America/New_York"
    """IANA time zone of a day without a time, and of patients whose own is not known."""

    @field_validator("home_timezone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("The home time zone is not one of IANA.")
        return zone


class IntakeSettings(ServiceSettings):
    """All settings of the service."""

    own: OwnSettings = Field(default_factory=OwnSettings)
