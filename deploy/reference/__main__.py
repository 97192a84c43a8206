"""Writes docs/settings.md: `python -m deploy.reference`. A test fails where it was not run."""

from pathlib import Path

from deploy.reference.settings import page

if __name__ == "__main__":
    Path("docs/settings.md").write_text(page())
