"""Makes the keys of a local stack: one sealing key per tenant and audience, one signing key, one key per client.

Each service gets a file with the keys of its own audiences and no others. A real installation gets its keys from
its key management; the layout of the files is the same.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey, OctKey

JwkSet = dict[str, list[dict[str, Any]]]

AUDIENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("contact", "clinical", "coverage", "logistics", "identifier"),
    "authorization": ("coverage", "clinical"),
    "scheduling": ("logistics", "visit"),
    "notifications": ("contact", "visit"),
    "tracking": ("identifier",),
}
"""Which service may read what."""

CLIENTS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(AUDIENCES, ("service",)),
    "cli": ("service", "coordinator", "operator"),
    "simulators": ("service", "specialist", "clinician"),
    "ehr": ("service", "clinician"),
    "console": (),
}
"""The programs that get tokens, and their roles. The console has none: it acts for a person."""

CONSOLE_CALLBACK: Final = "/login/callback"
_LAST: Final = "clients.json"


def generate_keys(tenants: Iterable[str], audiences: Mapping[str, tuple[str, ...]] = AUDIENCES) -> dict[str, JwkSet]:
    """A JWK set per service. Services that share an audience share its keys."""
    every = sorted({audience for names in audiences.values() for audience in names})
    keys = {(tenant, audience): _sealing_key(f"{tenant}:{audience}:1") for tenant in tenants for audience in every}
    return {
        service: {"keys": [jwk for (_, audience), jwk in keys.items() if audience in names]}
        for service, names in audiences.items()
    }


def write_state(state: Path, tenants: Iterable[str]) -> None:
    """Write everything below `state`, for the owner's eyes only. What a finished run wrote is left alone.

    sealing/<service>.json, issuer/signing.json, issuer/clients.json, clients/<tenant>-<client>.json
    """
    if (state / "issuer" / _LAST).exists():
        return
    named = tuple(tenants)
    for service, jwk_set in generate_keys(named).items():
        _write(state / "sealing" / f"{service}.json", jwk_set)
    _write(state / "issuer" / "signing.json", _signing_key("issuer-1").as_dict(private=True))
    registered = [_client(state, tenant, name) for tenant in named for name in CLIENTS]
    # Written last: its presence says that all the others are there.
    _write(state / "issuer" / _LAST, {"clients": registered})


def _client(state: Path, tenant: str, name: str) -> dict[str, Any]:
    """Write the client's own file, with its private key; return what the issuer keeps of it."""
    client_id = f"{tenant}-{name}"
    key = _signing_key(f"{client_id}-1")
    _write(state / "clients" / f"{client_id}.json", {"client_id": client_id, "jwk": key.as_dict(private=True)})
    entry = {"client_id": client_id, "tenant": tenant, "roles": list(CLIENTS[name])}
    callback = {"redirect_path": CONSOLE_CALLBACK} if name == "console" else {}
    return {**entry, **callback, "jwk": key.as_dict(private=False)}


def _sealing_key(kid: str) -> dict[str, Any]:
    return dict(OctKey.generate_key(256, {"kid": kid}).as_dict(private=True))


def _signing_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-384", {"kid": kid, "use": "sig", "alg": "ES384"})


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=1)
    unfinished.replace(path)
