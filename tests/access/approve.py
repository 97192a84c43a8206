"""Writes down who may do what now: `python -m tests.access.approve`. What changed is for a reviewer to see."""

import asyncio
import json
from pathlib import Path

import httpx2

from tests.access.probing import matrix
from tests.support.five_services.running import open_services

APPROVED = Path(__file__).parent / "approved.json"


async def approve() -> None:
    """Write the file anew."""
    async with open_services(lambda _request: httpx2.Response(404)) as house:
        APPROVED.write_text(json.dumps(matrix(house), indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(approve())
