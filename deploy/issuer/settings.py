"""The issuer's settings."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from shared.settings import read_from


class IssuerSettings(BaseSettings):
    """Who the issuer is, and how long what it issues lives."""

    model_config = read_from("ISSUER_")

    url: str = "http://127.0.0.1:8191"
    """The issuer's name in every token, and where it is reached."""
    also_at: tuple[str, ...] = ()
    """JSON list of other addresses at which it is reached, as inside a network of containers."""
    state: Path
    """The folder with its keys and clients."""
    program_token_s: int = Field(default=300, ge=10, le=3600)
    """How long a program's token lives, in seconds."""
    person_token_s: int = Field(default=3600, ge=10, le=3600)
    """How long a person's token lives, in seconds."""

    @field_validator("url")
    @classmethod
    def _has_no_slash_at_the_end(cls, url: str) -> str:
        return url.rstrip("/")

    @property
    def token_urls(self) -> tuple[str, ...]:
        """Where tokens are asked for: an assertion names the one that it was posted to."""
        return tuple(f"{address}/token" for address in (self.url, *self.also_at))
