"""Gives every container its own keys and nobody else's: each sees its own folder alone."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.platform import registry
from deploy.platform.keys import write_private, write_register, write_state
from deploy.platform.parties import REGISTER, key_name, parties_of
from shared.parties import Party

_SIMULATORS_URL: Final = "http://simulators:8080"
_SMS_AUTH_TOKEN: Final = "sms_auth_token"  # noqa: S105 - a file's name


def hand_out(vault: Path, parts: Path, tenant: str) -> None:
    """Make what `vault` lacks, and give each part its copy in `parts`/<part>. Safe to repeat: keys stay as they are."""
    write_state(vault, [tenant])
    write_register(vault, parties_of(tenant), _SIMULATORS_URL)
    token = vault / _SMS_AUTH_TOKEN
    if not token.exists():
        write_private(token, secrets.token_hex(32))
    for target, source in _copies(tenant).items():
        write_private(parts / target, (vault / source).read_text())


def _copies(tenant: str) -> Mapping[str, str]:
    """Which file of the vault each part gets, and under which name. Secrets are named as their settings are."""
    copies = {
        "issuer/issuer/signing.json": "issuer/signing.json",
        "issuer/issuer/clients.json": "issuer/clients.json",
        "tracking/console.json": f"clients/{tenant}-console.json",
        "cli/client.json": f"clients/{tenant}-cli.json",
        "simulators/parties/public.json": "parties/public.json",
        "simulators/simulators_sms_auth_token": _SMS_AUTH_TOKEN,
        "notifications/notifications_sms_auth_token": _SMS_AUTH_TOKEN,
    }
    for service in registry.names():
        copies[f"{service}/sealing.json"] = f"sealing/{service}.json"
        copies[f"{service}/access.json"] = f"access/{service}.json"
        copies[f"{service}/{REGISTER}"] = REGISTER
    copies[f"simulators/{REGISTER}"] = REGISTER
    for party in parties_of(tenant):
        copies |= _of_party(party)
    return copies


def _of_party(party: Party) -> Mapping[str, str]:
    """Our key for a party goes to the services that ask it, the party's own keys to the simulators."""
    copies = {f"simulators/clients/{client}.json": f"clients/{client}.json" for client in party.client_ids}
    askers, file = registry.askers_of(party.kind), f"parties/{key_name(party)}.json"
    return {**copies, **{f"{asker}/{file}": file for asker in askers}} if askers else {}
