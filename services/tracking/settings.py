"""What tracking needs to know: what every service does, and who its console is to the issuer."""

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import KafkaSettings, KeyFile, OutboundSettings, read_from


class ConsoleSettings(BaseSettings):
    """Who the console is to the issuer."""

    model_config = read_from("TRACKING_")

    console_credentials_file: KeyFile
    """The console's client id and key, by which people log in."""


class ReaderSettings(KafkaSettings):
    """People read the worklist, and no service waits for it. To fetch each fact by itself was half of its CPU."""

    gather_ms: int = Field(default=100, ge=0)
    """For so long the broker may gather records. 0: it hands out the first."""


class TrackingSettings(ServiceSettings):
    """All settings of the service."""

    kafka: KafkaSettings = Field(default_factory=ReaderSettings)
    console: ConsoleSettings = Field(default_factory=ConsoleSettings)
    outbound: OutboundSettings = Field(default_factory=OutboundSettings)
