"""How the brokers are reached, and what the topics on them are like."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared.settings.reading import OnlyInDemos, read_from


class KafkaSettings(BaseSettings):
    """Where the topics are, and who we are there."""

    model_config = read_from("KAFKA_")

    bootstrap: str
    """Brokers to ask first: `host:port`, several with commas."""
    partitions: int = Field(default=12, ge=1)
    """Partitions of each topic. The same for all services; a topic with another number is refused."""
    replication: Annotated[
        int, Field(ge=1), OnlyInDemos((1, 2), "the loss of a broker would lose facts or stop the service: give 3")
    ] = 1
    """Copies of each topic. A topic with fewer, or that takes a record with less than all but one of them written, is
    refused."""
    idempotent_producer: Annotated[
        bool, OnlyInDemos((False,), "a retry could write a fact twice: leave it out, with a broker that is real")
    ] = True
    """False only for a broker that does not know idempotent producers."""
    fetch_max_wait_ms: int = Field(default=500, ge=1)
    """For so long the broker may hold back an empty answer."""
    gather_ms: int = Field(default=0, ge=0)
    """For so long the broker may gather records for a reader that nobody waits for. 0: it hands out the first."""
    security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
        OnlyInDemos(("PLAINTEXT", "SASL_PLAINTEXT"), "facts would travel in the clear: give SASL_SSL or SSL"),
    ] = "PLAINTEXT"
    """How the broker's listener speaks."""
    ca_file: Path | None = None
    """PEM file of the authority that signed the broker's certificate, where this machine does not trust it already."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    """How we log in, where the protocol is SASL."""
    sasl_username: str | None = None
    """The broker's user for this service."""
    sasl_password: SecretStr | None = None
    """That user's password."""
