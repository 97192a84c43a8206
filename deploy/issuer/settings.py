"""The issuer's settings."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class IssuerSettings(BaseSettings):
    """`url` is the issuer's name in every token, and where it is reached; `state` is what `deploy.platform.keys` wrote.

    `also_at` are addresses at which it is reached too, such as the one that only a network of containers knows.
    """

    model_config = SettingsConfigDict(env_prefix="ISSUER_", frozen=True, extra="ignore")

    url: str = "http://127.0.0.1:8191"
    also_at: tuple[str, ...] = ()
    state: Path
    program_token_s: int = Field(default=300, ge=10, le=3600)
    person_token_s: int = Field(default=3600, ge=10, le=3600)

    @field_validator("url")
    @classmethod
    def _has_no_slash_at_the_end(cls, url: str) -> str:
        return url.rstrip("/")

    @property
    def token_urls(self) -> tuple[str, ...]:
        """Where tokens are asked for: an assertion names the one that it was posted to."""
        return tuple(f"{address}/token" for address in (self.url, *self.also_at))
