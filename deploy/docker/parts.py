"""Gives every part its own keys and nobody else's: each container sees its own folder alone."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.local.keys import AUDIENCES, write_state

_SMS_AUTH_TOKEN: Final = "sms_auth_token"  # noqa: S105 - a file's name


def hand_out(vault: Path, parts: Path, tenant: str) -> None:
    """Make what `vault` lacks, and give each part its copy in `parts`/<part>. Safe to repeat: keys stay as they are."""
    write_state(vault, [tenant])
    token = vault / _SMS_AUTH_TOKEN
    if not token.exists():
        _write(token, secrets.token_hex(32))
    for target, source in _copies(tenant).items():
        _write(parts / target, (vault / source).read_text())


def _copies(tenant: str) -> Mapping[str, str]:
    """Which file of the vault each part gets, and under which name. Secrets are named as their settings are."""
    copies = {
        "issuer/issuer/signing.json": "issuer/signing.json",
        "issuer/issuer/clients.json": "issuer/clients.json",
        "tracking/console.json": f"clients/{tenant}-console.json",
        "simulators/simulators_sms_auth_token": _SMS_AUTH_TOKEN,
        "notifications/notifications_sms_auth_token": _SMS_AUTH_TOKEN,
    }
    for service in AUDIENCES:
        copies[f"{service}/sealing.json"] = f"sealing/{service}.json"
    for client in (*AUDIENCES, "simulators", "cli"):
        copies[f"{client}/client.json"] = f"clients/{tenant}-{client}.json"
    return copies


def _write(path: Path, content: str) -> None:
    """Whole or not at all, for the owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(content)
    unfinished.replace(path)
