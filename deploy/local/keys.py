"""Makes the keys of a local stack: one sealing key per tenant and audience, one signing key, one key per client.

Each service gets a file with the keys of its own audiences and no others. A real installation gets its keys from
its key management; the layout of the files is the same.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey, OctKey

from shared.identity import audience_of

JwkSet = dict[str, list[dict[str, Any]]]

AUDIENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("contact", "clinical", "coverage", "logistics", "identifier"),
    "authorization": ("coverage", "clinical"),
    "scheduling": ("logistics", "visit"),
    "notifications": ("contact", "visit"),
    "tracking": ("identifier",),
}
"""Which service may read what."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What the issuer knows of a program: its roles, and for which of our services it may have tokens."""

    roles: tuple[str, ...]
    audiences: tuple[str, ...]


CLIENTS: Final[Mapping[str, Registration]] = {
    **dict.fromkeys(AUDIENCES, Registration(("service",), ("simulators",))),
    "cli": Registration(("service", "coordinator", "operator"), (*AUDIENCES, "simulators")),
    "simulators": Registration(("service", "specialist", "clinician"), ("intake", "authorization", "scheduling")),
    "ehr": Registration(("service", "clinician"), ("intake",)),
    "console": Registration((), tuple(AUDIENCES)),
}
"""The programs that get tokens. The console has no roles: it acts for people, whose tokens all services believe."""

CONSOLE_CALLBACK: Final = "/login/callback"


def generate_keys(
    tenants: Iterable[str], audiences: Mapping[str, tuple[str, ...]] = AUDIENCES, known: Mapping[str, Any] | None = None
) -> dict[str, JwkSet]:
    """A JWK set per service. Services that share an audience share its keys; those in `known`, by kid, are kept."""
    every, kept = sorted({audience for names in audiences.values() for audience in names}), known or {}
    kids = {(tenant, audience): f"{tenant}:{audience}:1" for tenant in tenants for audience in every}
    keys = {named: kept.get(kid) or _sealing_key(kid) for named, kid in kids.items()}
    return {
        service: {"keys": [jwk for (_, audience), jwk in keys.items() if audience in names]}
        for service, names in audiences.items()
    }


def write_state(state: Path, tenants: Iterable[str]) -> None:
    """Write below `state` what is not there yet, for the owner's eyes only. No key that is there is changed.

    sealing/<service>.json, issuer/signing.json, issuer/clients.json, clients/<tenant>-<client>.json. What an earlier
    version wrote is completed: keys are added to it, and clients are registered anew under the keys that they have.
    """
    named = tuple(tenants)
    rings = {service: _read(state / "sealing" / f"{service}.json").get("keys", []) for service in AUDIENCES}
    known = {jwk["kid"]: jwk for ring in rings.values() for jwk in ring}
    for service, made in generate_keys(named, known=known).items():
        own = {jwk["kid"]: jwk for jwk in (*rings[service], *made["keys"])}
        _write(state / "sealing" / f"{service}.json", {"keys": list(own.values())})
    _key_in(state / "issuer" / "signing.json", "issuer-1")
    listed = {client["client_id"]: client for client in _read(state / "issuer" / "clients.json").get("clients", [])}
    for tenant in named:
        listed |= {f"{tenant}-{name}": _client(state, tenant, name) for name in CLIENTS}
    _write(state / "issuer" / "clients.json", {"clients": list(listed.values())})


def _client(state: Path, tenant: str, name: str) -> dict[str, Any]:
    """Write the client's own file, with its private key; return what the issuer keeps of it."""
    client_id, registration = f"{tenant}-{name}", CLIENTS[name]
    file = state / "clients" / f"{client_id}.json"
    found = _read(file).get("jwk")
    key = ECKey.import_key(found) if found else _signing_key(f"{client_id}-1")
    _write(file, {"client_id": client_id, "jwk": key.as_dict(private=True)})
    audiences = [audience_of(service) for service in registration.audiences]
    entry = {"client_id": client_id, "tenant": tenant, "roles": list(registration.roles), "audiences": audiences}
    callback = {"redirect_path": CONSOLE_CALLBACK} if name == "console" else {}
    return {**entry, **callback, "jwk": key.as_dict(private=False)}


def _key_in(file: Path, kid: str) -> None:
    if not file.exists():
        _write(file, _signing_key(kid).as_dict(private=True))


def _sealing_key(kid: str) -> dict[str, Any]:
    return dict(OctKey.generate_key(256, {"kid": kid}).as_dict(private=True))


def _signing_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-384", {"kid": kid, "use": "sig", "alg": "ES384"})


def _read(file: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all; and not at all what is there already."""
    written = json.dumps(content, indent=1)
    if path.exists() and path.read_text() == written:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(written)
    unfinished.replace(path)
