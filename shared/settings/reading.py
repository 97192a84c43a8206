"""How a slice of settings is read, and what a field can be marked with. The one place that meets the environment."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import StringConstraints
from pydantic_settings import SettingsConfigDict

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^?#\s]+[^?#\s/]$")]
"""An address that paths are added to: no query, no slash at the end."""
_SECRETS: Final = os.environ.get("SECRETS_DIRECTORY")


@dataclass(frozen=True)
class OnlyInDemos:
    """Marks a field: these values are refused in production, `because` says why and what to do."""

    values: tuple[object, ...]
    because: str


@dataclass(frozen=True)
class HoldsKeys:
    """Marks a field that names a file with keys: in production nobody but its user and group may read it."""


KeyFile = Annotated[Path, HoldsKeys()]


def read_from(env_prefix: str) -> SettingsConfigDict:
    """Variables with this prefix, else files of their names (in lower case) in the folder $SECRETS_DIRECTORY.

    The text below a field says what it is for: docs/settings.md is made of these.
    """
    return SettingsConfigDict(
        env_prefix=env_prefix,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        secrets_dir=_SECRETS,
        use_attribute_docstrings=True,
    )
