"""`throughline token`: a bearer token to try the API with."""

import asyncio
from typing import Annotated

import typer

from deploy.cli import screen
from deploy.cli.reach import find_platform, reaching
from deploy.platform import registry


def _callable() -> tuple[str, ...]:
    return (*registry.names(), "simulators")


def _known(service: str) -> str:
    if service not in _callable():
        raise typer.BadParameter(f"Use one of: {', '.join(_callable())}")
    return service


_FOR: typer.models.ArgumentInfo = typer.Argument(
    callback=_known, help=f"The service that is to be called: {', '.join(_callable())}. No other accepts the token."
)


def token(service: Annotated[str, _FOR] = "intake", *, as_json: screen.AsJson = False) -> None:
    """Print a token of the command line's own client for one service; it is good for some minutes."""
    found = asyncio.run(_token(service))
    screen.show({"token": found}, as_json=as_json, tables=lambda: [found])


async def _token(service: str) -> str:
    async with reaching(find_platform()) as reach:
        return await reach.token(service)
