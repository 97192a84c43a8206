"""`throughline key new`: a key by which a counterparty will know us."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from joserfc.jwk import ECKey

from deploy.cli import screen
from deploy.cli.exits import Failure

_FILE: typer.models.ArgumentInfo = typer.Argument(help="Where the private key is kept; nothing is overwritten.")
_CLIENT: typer.models.OptionInfo = typer.Option(help="Our client id at the counterparty.")


def new(file: Annotated[Path, _FILE], client_id: Annotated[str, _CLIENT], *, as_json: screen.AsJson = False) -> None:
    """Make a key for one counterparty, and print the public JWK set that is registered there."""
    key = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384"})
    key.ensure_kid()
    _keep(file, json.dumps({"client_id": client_id, "jwk": key.as_dict(private=True)}, indent=1))
    public = {"keys": [key.as_dict(private=False)]}
    screen.show(public, as_json=as_json, tables=lambda: [json.dumps(public, indent=1)])


def _keep(file: Path, content: str) -> None:
    """Write for the owner's eyes only. Raises Failure where something is there already, or nothing can be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Failure("There is such a file already.", "Name another: a key in use is never overwritten.") from None
    except OSError:
        raise Failure("The file cannot be written.", "Choose a folder of your own.") from None
    with os.fdopen(descriptor, "w") as opened:
        opened.write(content)
