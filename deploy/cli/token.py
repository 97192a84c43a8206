"""`throughline token`: a bearer token to try the API with."""

import asyncio
from typing import Annotated, Literal

import typer

from deploy.cli import screen
from deploy.cli.reach import find_platform, reaching

Service = Literal["intake", "authorization", "scheduling", "notifications", "tracking", "simulators"]
_FOR: typer.models.ArgumentInfo = typer.Argument(help="The service that is to be called: no other believes the token.")


def token(service: Annotated[Service, _FOR] = "intake", *, as_json: screen.AsJson = False) -> None:
    """Print a token of the command line's own client for one service; it is good for some minutes."""
    found = asyncio.run(_token(service))
    screen.show({"token": found}, as_json=as_json, tables=lambda: [found])


async def _token(service: Service) -> str:
    async with reaching(find_platform()) as reach:
        return await reach.token(service)
