"""Settings that several services share: one frozen slice per concern, read from the environment once.

What only one service needs lives in that service's own `settings.py`. Secrets never print themselves.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^?#\s]+[^?#\s/]$")]
"""An address that paths are added to: no query, no slash at the end."""
_SECRETS: Final = os.environ.get("SECRETS_DIRECTORY")


@dataclass(frozen=True)
class OnlyInDemos:
    """Marks a field: these values are refused in production, `because` says why and what to do."""

    values: tuple[Any, ...]
    because: str


@dataclass(frozen=True)
class HoldsKeys:
    """Marks a field that names a file with keys: in production nobody but its user and group may read it."""


KeyFile = Annotated[Path, HoldsKeys()]


def read_from(env_prefix: str) -> SettingsConfigDict:
    """Variables with this prefix, else files of their names (in lower case) in the folder $SECRETS_DIRECTORY."""
    return SettingsConfigDict(
        env_prefix=env_prefix,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        secrets_dir=_SECRETS,
        use_attribute_docstrings=True,
    )


class DeploymentSettings(BaseSettings):
    """Who runs it: `production` refuses at start what only demos and tests may have (`shared.production`)."""

    model_config = read_from("THROUGHLINE_")

    profile: Literal["demo", "production"] = "demo"


class KafkaSettings(BaseSettings):
    """Where the topics are. `idempotent_producer` is false only on a broker that cannot do it.

    `replication`: so many copies each topic has, at least; one fewer must be written before a record counts as taken.
    `gather_ms`: so long the broker may gather records for a reader that nobody waits for; 0: it hands out the first.
    """

    model_config = read_from("KAFKA_")

    bootstrap: str
    partitions: int = Field(default=12, ge=1)
    replication: Annotated[
        int, Field(ge=1), OnlyInDemos((1, 2), "the loss of a broker would lose facts or stop the service: give 3")
    ] = 1
    idempotent_producer: Annotated[
        bool, OnlyInDemos((False,), "a retry could write a fact twice: leave it out, with a broker that is real")
    ] = True
    fetch_max_wait_ms: int = Field(default=500, ge=1)
    gather_ms: int = Field(default=0, ge=0)
    security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
        OnlyInDemos(("PLAINTEXT", "SASL_PLAINTEXT"), "facts would travel in the clear: give SASL_SSL or SSL"),
    ] = "PLAINTEXT"
    ca_file: Path | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None


class MongoSettings(BaseSettings):
    """Where the documents are. The URI may hold a password, so it is a secret as a whole."""

    model_config = read_from("MONGO_")

    uri: SecretStr
    timeout_ms: int = Field(default=5000, ge=100)

    @field_validator("uri")
    @classmethod
    def _saves_are_durable(cls, uri: SecretStr) -> SecretStr:
        """Refuse a URI that weakens saves: unjournaled majority writes also wait 100 ms each."""
        options = parse_qs(urlsplit(uri.get_secret_value()).query.lower())
        if options.get("journal") == ["false"] or options.get("j") == ["false"]:
            raise ValueError("The MongoDB URI must leave journaling on.")
        if options.get("w", ["majority"]) != ["majority"]:
            raise ValueError("The MongoDB URI must leave the write concern at majority.")
        return uri


class IdentitySettings(BaseSettings):
    """Whose tokens are believed, and what their `aud` calls this service: `throughline-<service>` unless given."""

    model_config = read_from("IDENTITY_")

    issuer: str
    jwks_url: str
    audience: str | None = None


class PartiesSettings(BaseSettings):
    """Who is on the other side: the register of parties, `shared.parties`. Keys named in it are found beside it."""

    model_config = read_from("PARTIES_")

    file: Path


class SealingSettings(BaseSettings):
    """The JWK set file with the keys of this service's audiences."""

    model_config = read_from("SEALING_")

    keys_file: KeyFile


class ClockSettings(BaseSettings):
    """Where the offset of the business clock rests; only demos and tests may make it `movable`."""

    model_config = read_from("CLOCK_")

    database: str = "throughline_clock"
    movable: Annotated[bool, OnlyInDemos((True,), "nobody may move the time of real patients: leave it out")] = False
    poll_s: float = Field(default=1.0, gt=0)


class TelemetrySettings(BaseSettings):
    """How much is logged. There is no level that logs patient data."""

    model_config = read_from("TELEMETRY_")

    log_level: Literal["debug", "info", "warning", "error"] = "info"


class OutboundSettings(BaseSettings):
    """Where our own issuer is asked for tokens."""

    model_config = read_from("OUTBOUND_")

    issuer_url: str
