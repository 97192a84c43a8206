"""`throughline token`: a bearer token to try the API with."""

import asyncio

from deploy.cli import screen
from deploy.cli.reach import find_platform, reaching


def token(*, as_json: screen.AsJson = False) -> None:
    """Print a token of the command line's own client; it is good for some minutes."""
    found = asyncio.run(_token())
    screen.show({"token": found}, as_json=as_json, tables=lambda: [found])


async def _token() -> str:
    async with reaching(find_platform()) as reach:
        return await reach.token()
