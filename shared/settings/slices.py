"""One frozen slice of settings per concern that several services share, each read from the environment once."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import BaseSettings

from shared.settings.reading import HoldsKeys, KeyFile, OnlyInDemos, read_from


class DeploymentSettings(BaseSettings):
    """Who this installation is for."""

    model_config = read_from("THROUGHLINE_")

    profile: Literal["demo", "production"] = "demo"
    """`production` refuses at start what only demos and tests may have: docs/production.md."""


class MongoSettings(BaseSettings):
    """Where the documents are. The URI may hold a password, so it is a secret as a whole."""

    model_config = read_from("MONGO_")

    uri: SecretStr
    """Connection string. It must leave the write concern at majority and journaling on."""
    database_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = ""
    """Stands before the names of the services' databases, where installations share a cluster. The clock's is
    CLOCK_DATABASE, and has no prefix."""
    timeout_ms: int = Field(default=5000, ge=100)
    """For so long a read or write may take, the choice of a server included."""

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
    """Whose tokens are believed."""

    model_config = read_from("IDENTITY_")

    issuer: str
    """`iss` of the tokens that are believed."""
    jwks_url: str
    """Where the public keys of the issuer are."""
    audience: str | None = None
    """What `aud` of a token calls this service; else `throughline-<service>`."""


class PartiesSettings(BaseSettings):
    """Who is on the other side."""

    model_config = read_from("PARTIES_")

    file: Path
    """The register of parties (docs/parties.md). Keys named in it are found beside it."""


class LimitsSettings(BaseSettings):
    """What one client may ask of one process: a program, or one person. Our own programs have no limit.

    Two seconds' worth may come at once. What is too much is answered 429, or 503 where it is too much of all together.
    """

    model_config = read_from("LIMITS_")

    reads_per_s: float = Field(default=500, gt=0)
    """GET requests a second of one client."""
    writes_per_s: float = Field(default=1000, gt=0)
    """Other requests a second of one client."""
    at_once: int = Field(default=256, ge=1)
    """Requests of one client that are worked on at once."""
    all_at_once: int = Field(default=1000, ge=1)
    """Requests of all clients that are worked on at once."""


class SealingSettings(BaseSettings):
    """The keys of seals."""

    model_config = read_from("SEALING_")

    keys_file: KeyFile
    """JWK set with the keys of this service's audiences."""


class AccessRecordsSettings(BaseSettings):
    """Access records: who looked at what."""

    model_config = read_from("ACCESS_RECORDS_")

    signing_key_file: Annotated[Path | None, HoldsKeys()] = None
    """Private EC key (JWK), called `access:<service>:<n>`. It signs the ends of chains; without it nobody does."""


class ClockSettings(BaseSettings):
    """The business clock."""

    model_config = read_from("CLOCK_")

    database: str = "throughline_clock"
    """The database that holds by how much time was moved."""
    movable: Annotated[bool, OnlyInDemos((True,), "nobody may move the time of real patients: leave it out")] = False
    """Whether the business clock can be moved, for demos."""
    poll_s: float = Field(default=1.0, gt=0)
    """How often due timers are looked for, in seconds."""


class TelemetrySettings(BaseSettings):
    """What is logged."""

    model_config = read_from("TELEMETRY_")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is logged. No level logs patient data."""


class OutboundSettings(BaseSettings):
    """Who gives us tokens."""

    model_config = read_from("OUTBOUND_")

    issuer_url: str
    """Where our own issuer is asked for tokens."""
