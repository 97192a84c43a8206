"""`throughline keys …`: gives running services the next key for seals or ids, and shows which keys they have."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.cli import screen
from deploy.cli.exits import Failure
from deploy.platform.rotation import KINDS, Unrotatable, listed
from deploy.platform.rotation import rotate as rotated
from shared.sealing.following import EVERY_S

SOONEST_S: Final = 12 * int(EVERY_S)
_REMEDY: Final = "Name the folder that has a file <service>.json for each service: SEALING_KEYS_FILE is one of them."

Kind = Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")]
Folder = Annotated[Path, typer.Argument(help="Where the key files of the services are, each <service>.json.")]
Tenant = Annotated[str, typer.Option(help="Whose key.")]
InS = Annotated[
    int,
    typer.Option("--in-s", min=SOONEST_S, help="Seconds until it is used: longer than any replica takes to have it."),
]


def rotate(
    kind: Kind, folder: Folder, *, tenant: Tenant = "demo", in_s: InS = 300, as_json: screen.AsJson = False
) -> None:
    """Add the next key of a kind. Services read it within seconds, and use it once the time has come."""
    if kind not in KINDS:
        raise Failure(f"There is no such kind of key: {kind}.", f"Name one of: {', '.join(KINDS)}.")
    begins_at = int(time.time()) + in_s
    try:
        kid = rotated(folder, tenant, kind, begins_at)
    except Unrotatable as error:
        raise Failure(str(error), _REMEDY) from None
    shown = {"kid": kid, "used_from": _instant(begins_at)}
    said = f"{kid} is used from {shown['used_from']}. Back the files up before then: what it seals, only it opens."
    screen.show(shown, as_json=as_json, tables=lambda: [said])


def list_keys(folder: Folder, *, as_json: screen.AsJson = False) -> None:
    """List the keys of each service, and from when on each is used. No key is shown."""
    try:
        found = [{"service": name, "kid": kid, "used_from": _instant(at)} for name, kid, at in listed(folder)]
    except Unrotatable as error:
        raise Failure(str(error), _REMEDY) from None
    rows = [tuple(each.values()) for each in found]
    screen.show({"keys": found}, as_json=as_json, tables=lambda: [screen.table("Keys", *found[0], rows=rows)])


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat() if at else ""
