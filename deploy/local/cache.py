"""The cache of downloads that every stack of this user shares."""

import os
from pathlib import Path


def cache_directory() -> Path:
    """Made where it is missing; follows the XDG Base Directory Specification."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    directory = Path(home).expanduser() / "throughline"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
