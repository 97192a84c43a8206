"""What tracking needs to know: what every service does, and who its console is to the issuer."""

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.service import ServiceSettings
from shared.settings import KafkaSettings, KeyFile, OutboundSettings, read_from


class ConsoleSettings(BaseSettings):
    """`console_credentials_file` holds the console's own client id and key: by it people log in, not programs."""

    model_config = read_from("TRACKING_")

    console_credentials_file: KeyFile


class ReaderSettings(KafkaSettings):
    """People read the worklist, and no service waits for it. To fetch each fact by itself was half of its CPU."""

    gather_ms: int = Field(default=100, ge=0)


class TrackingSettings(ServiceSettings):
    """All settings of the service."""

    kafka: KafkaSettings = Field(default_factory=ReaderSettings)
    console: ConsoleSettings = Field(default_factory=ConsoleSettings)
    outbound: OutboundSettings = Field(default_factory=OutboundSettings)
