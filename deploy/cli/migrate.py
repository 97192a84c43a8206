"""`throughline migrate`: builds the indexes that collections lack, before a version starts that needs them."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.exits import Code, Failure
from deploy.cli.reach import find_platform
from deploy.platform.indexes import Lacks, lacking
from shared.settings import MongoSettings

Check = Annotated[bool, typer.Option("--check", help="Build nothing; exit with 1 when something is missing.")]


def migrate(*, check: Check = False, as_json: screen.AsJson = False) -> None:
    """Build missing indexes in the database of MONGO_URI, else of the running platform. Services may run meanwhile."""
    missing = asyncio.run(lacking(database_settings(), is_built=not check))
    document = {"missing" if check else "built": missing}
    screen.show(document, as_json=as_json, tables=lambda: _tables(missing, is_built=not check))
    if check and missing:
        raise typer.Exit(Code.FAILED)


def database_settings() -> MongoSettings:
    """Where the database is: MONGO_URI, else that of the running platform. Raises Failure."""
    try:
        return MongoSettings()
    except ValidationError:
        uri = find_platform().mongo_uri
    if uri is None:
        raise Failure("It is not known where the database is.", "Set MONGO_URI.")
    return MongoSettings.model_validate({"uri": uri})


def _tables(missing: Iterable[Lacks], *, is_built: bool) -> Iterable[RenderableType]:
    rows = [(each.database, each.collection, index) for each in missing for index in each.indexes]
    if not rows:
        return ["Every index is there."]
    return [
        screen.table("Indexes built" if is_built else "Missing indexes", "database", "collection", "index", rows=rows)
    ]
