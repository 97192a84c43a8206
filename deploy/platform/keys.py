"""Makes the keys of a demo platform: sealing keys by tenant and audience, a signing key, keys of clients and parties.

Each service gets a file with the keys of its own audiences and no others; towards each counterparty we have a key of
its own. A real installation gets its keys from its key management; the layout of the files is the same.
"""

import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey, OctKey

from deploy.platform import registry
from deploy.platform.parties import CALLS_BACK, REGISTER, Registration, connected, key_name, parties_of
from shared.audit.heads import kid_of
from shared.parties import Party
from shared.sealing import DERIVED, IDENTIFIER

JwkSet = dict[str, list[dict[str, Any]]]

PUBLIC_ACCESS_KEYS: Final = "access/public.json"
"""By which keys signed ends of chains of access records are believed."""
CONSOLE_CALLBACK: Final = "/login/callback"


def generate_keys(tenants: Iterable[str], known: Mapping[str, Any] | None = None) -> dict[str, JwkSet]:
    """A JWK set per service. Services that share an audience share its keys; those in `known`, by kid, are kept."""
    audiences, kept = registry.audiences(), known or {}
    every = sorted({audience for names in audiences.values() for audience in names})
    kids = {(tenant, audience): f"{tenant}:{audience}:1" for tenant in tenants for audience in every}
    keys = {named: kept.get(kid) or new_sealing_key(kid) for named, kid in kids.items()}
    return {
        service: {"keys": [jwk for (_, audience), jwk in keys.items() if audience in names]}
        for service, names in audiences.items()
    }


def write_state(state: Path, tenants: Iterable[str]) -> None:
    """Write below `state` what is not there yet, for the owner's eyes only. No key that is there is changed.

    sealing/<service>.json, access/<service>.json and access/public.json, issuer/signing.json, issuer/clients.json,
    clients/<client id>.json; parties/<party>.json,
    our private keys towards the parties, and parties/public.json, what they know of them. What an earlier version
    wrote is completed: keys are added, those that a service has no use for any more are taken from it, and clients are
    registered anew under the keys that they have.
    """
    named, audiences = tuple(tenants), registry.audiences()
    rings = {service: _read(state / "sealing" / f"{service}.json").get("keys", []) for service in registry.names()}
    known = {jwk["kid"]: jwk for ring in rings.values() for jwk in ring}
    for service, made in generate_keys(named, known=known).items():
        had = (jwk for jwk in rings[service] if _is_for(audiences[service], jwk["kid"]))
        own = {jwk["kid"]: jwk for jwk in (*had, *made["keys"])}
        write_private(state / "sealing" / f"{service}.json", {"keys": list(own.values())})
    _key_in(state / "issuer" / "signing.json", "issuer-1")
    for service in registry.names():
        _key_in(state / "access" / f"{service}.json", kid_of(service))
    signing = [ECKey.import_key(dict(_read(state / "access" / f"{service}.json"))) for service in registry.names()]
    write_private(state / PUBLIC_ACCESS_KEYS, {"keys": [key.as_dict(private=False) for key in signing]})
    listed = [_client(state, tenant, *entry) for tenant in named for entry in registrations(tenant).items()]
    write_private(state / "issuer" / "clients.json", {"clients": listed})
    ours = [
        _our_key(state, party) for tenant in named for party in parties_of(tenant) if registry.askers_of(party.kind)
    ]
    write_private(state / "parties" / "public.json", {"keys": ours})


def _is_for(audiences: Collection[str], kid: str) -> bool:
    """Whether a service still has a use for a key. What one key did before several do it now was derived by it."""
    kind = kid.split(":")[1]
    return kind in audiences or (kind == IDENTIFIER and not set(DERIVED).isdisjoint(audiences))


def write_register(state: Path, parties: Iterable[Party], simulators_url: str) -> None:
    """Write the register of parties beside our keys for them: addresses change with every start, keys do not."""
    write_private(state / REGISTER, connected(parties, simulators_url))


def registrations(tenant: str) -> Mapping[str, Registration]:
    """Every client of our issuer by its id: our own programs, and those by which parties call us back.

    The console has no roles: it acts for people, whose tokens all services believe. Services are no clients: they ask
    each counterparty's own token endpoint.
    """
    services = registry.names()
    ours = {
        "cli": Registration(("service", "coordinator", "operator"), (*services, "simulators")),
        "console": Registration((), services),
    }
    parties = [party for party in parties_of(tenant) if party.kind in CALLS_BACK]
    return {
        **{f"{tenant}-{name}": registration for name, registration in ours.items()},
        **{client: CALLS_BACK[party.kind] for party in parties for client in party.client_ids},
    }


def _client(state: Path, tenant: str, client_id: str, registration: Registration) -> dict[str, Any]:
    """Write the client's own file, with its private key; return what the issuer keeps of it."""
    key = _key_of(state / "clients" / f"{client_id}.json", client_id, f"{client_id}-1")
    known = {"roles": list(registration.roles), "audiences": list(registration.audiences)}
    callback = {"redirect_path": CONSOLE_CALLBACK} if client_id == f"{tenant}-console" else {}
    return {"client_id": client_id, "tenant": tenant, **known, **callback, "jwk": key.as_dict(private=False)}


def _our_key(state: Path, party: Party) -> dict[str, Any]:
    """Write our key for a party; return what the party knows of it."""
    name = key_name(party)
    return _key_of(state / "parties" / f"{name}.json", f"throughline-{party.tenant}", name).as_dict(private=False)


def _key_of(file: Path, client_id: str, kid: str) -> ECKey:
    """The key in a client's file, which is made if there is none."""
    found = _read(file).get("jwk")
    key = ECKey.import_key(found) if found else _signing_key(kid)
    write_private(file, {"client_id": client_id, "jwk": key.as_dict(private=True)})
    return key


def _key_in(file: Path, kid: str) -> None:
    if not file.exists():
        write_private(file, _signing_key(kid).as_dict(private=True))


def new_sealing_key(kid: str) -> dict[str, Any]:
    """A key of this name, for seals or for what is derived."""
    return dict(OctKey.generate_key(256, {"kid": kid}).as_dict(private=True))


def _signing_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-384", {"kid": kid, "use": "sig", "alg": "ES384"})


def _read(file: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
    return found


def write_private(path: Path, content: Mapping[str, Any] | str) -> None:
    """Write for the owner's eyes only: whole or not at all, and not at all what is there already."""
    written = content if isinstance(content, str) else json.dumps(content, indent=1)
    if path.exists() and path.read_text() == written:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(written)
    unfinished.replace(path)
