"""How the brokers are reached, and what the topics on them are like."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings

from shared.settings.reading import KeyFile, OnlyInDemos, Url, read_from

Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,80}$")]


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
    certificate_file: Path | None = None
    """PEM file of our own certificate, for mutual TLS."""
    key_file: KeyFile | None = None
    """PEM file of its private key."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    """How we log in, where the protocol is SASL."""
    sasl_username: str | None = None
    """The broker's user for this service, for PLAIN and SCRAM."""
    sasl_password: SecretStr | None = None
    """That user's password."""
    oauth_token_url: Url | None = None
    """Where tokens for the broker are granted, for OAUTHBEARER: by client_credentials with a signed assertion."""
    oauth_credentials_file: KeyFile | None = None
    """Our client id and key there."""
    oauth_scope: str | None = None
    """The scope that is asked for."""
    oauth_audience: str | None = None
    """The `audience` that is asked for."""
    client_id: str | None = None
    """What quotas and the broker's log call us; else `throughline-<service>-<host name>`."""
    group_instance_id: str | None = None
    """Static membership: a name that this replica has again after a restart, and no other replica has. A restart within
    `KAFKA_SESSION_TIMEOUT_MS` then moves no partition."""
    session_timeout_ms: int = Field(default=10_000, ge=10_000)
    """After so long without a sign of life the broker gives a replica's partitions to others."""
    topic_prefix: Prefix = ""
    """Stands before the names of all topics, where installations share a broker."""
    group_prefix: Prefix = ""
    """Stands before the names of all consumer groups."""

    @model_validator(mode="after")
    def _says_all_of_who_we_are(self) -> Self:
        """Refuse half an identity: the client would find out only later, and say less."""
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE go together: give both.")
        if not self.security_protocol.startswith("SASL"):
            return self
        if self.sasl_mechanism is None:
            raise ValueError("KAFKA_SASL_MECHANISM is not set, which KAFKA_SECURITY_PROTOCOL asks for.")
        by_token = self.sasl_mechanism == "OAUTHBEARER"
        if by_token and (self.oauth_token_url is None or self.oauth_credentials_file is None):
            raise ValueError("OAUTHBEARER needs KAFKA_OAUTH_TOKEN_URL and KAFKA_OAUTH_CREDENTIALS_FILE.")
        if not by_token and (self.sasl_username is None or self.sasl_password is None):
            raise ValueError(f"{self.sasl_mechanism} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.")
        return self

    def of(self, program: str, host: str) -> Self:
        """The same, by a client id that tells programs and their replicas apart."""
        return self.model_copy(update={"client_id": self.client_id or f"throughline-{program}-{host}"})
