"""Adds the next key of a kind to the files of all services that hold the kind: the same to each, and to no other.

The files are read, completed and replaced whole, one after the other. A key says from when on it is used; until then a
service that has not read its file yet, or whose file could not be written, harms nobody.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.platform import registry
from deploy.platform.keys import new_sealing_key, write_private
from shared.sealing import DERIVED, IDENTIFIER

KINDS: Final = (*sorted({kind for kinds in registry.audiences().values() for kind in kinds} - {*DERIVED}), *DERIVED)


class Unrotatable(Exception):
    """The files cannot be changed as asked. It says why."""


def rotate(folder: Path, tenant: str, kind: str, begins_at: float) -> str:
    """Give every holder of the kind its next key, to be used from then on. Return its name. Raises Unrotatable.

    Where it broke off before, and some have their newest key and others not, all get that one, from the time asked now.
    """
    rings = dict(_rings(folder, kind))
    if not any(_kids(ring) & {f"{tenant}:{IDENTIFIER}:1"} or _of(ring, tenant, kind) for ring in rings.values()):
        raise Unrotatable(f"No service has a key for {kind} of {tenant}.")
    keys = {_number(jwk): jwk for ring in rings.values() for jwk in _of(ring, tenant, kind)}
    newest = max(keys, default=0)
    kid = f"{tenant}:{kind}:{newest}"
    if newest and "nbf" in keys[newest] and any(kid not in _kids(ring) for ring in rings.values()):
        jwk = {**keys[newest], "nbf": int(begins_at)}
    else:
        kid = f"{tenant}:{kind}:{newest + 1}"
        jwk = {**new_sealing_key(kid), "nbf": int(begins_at)}
    for path, ring in rings.items():
        others = [each for each in ring["keys"] if each["kid"] != kid]
        write_private(path, {"keys": [*others, jwk]})
    return kid


def listed(folder: Path) -> Iterator[tuple[str, str, float]]:
    """Every service, the name of each of its keys, and from when on it is used."""
    for service in registry.names():
        for jwk in _read(folder / f"{service}.json")["keys"]:
            yield service, jwk["kid"], float(jwk.get("nbf", 0))


def _rings(folder: Path, kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for service, kinds in registry.audiences().items():
        if kind in kinds:
            path = folder / f"{service}.json"
            yield path, _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise Unrotatable(f"There are no keys in {path.name}.") from None
    return found


def _of(ring: Mapping[str, Any], tenant: str, kind: str) -> list[dict[str, Any]]:
    return [jwk for jwk in ring["keys"] if jwk["kid"].rpartition(":")[0] == f"{tenant}:{kind}"]


def _kids(ring: Mapping[str, Any]) -> set[str]:
    return {jwk["kid"] for jwk in ring["keys"]}


def _number(jwk: Mapping[str, Any]) -> int:
    return int(jwk["kid"].rpartition(":")[2])
