"""A program for tests to kill: the simulators, on real time, believing the key given in the environment."""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
import uvicorn

from deploy.simulators.app import World, create_app
from deploy.simulators.schedule import ScheduledCallback
from deploy.simulators.settings import SimulatorsSettings
from shared.identity import Verifier, audience_of
from tests.unit.simulators.party_tokens import token_servers


class RealClock:
    """The clock of the machine (ports.Clock)."""

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    async def read(self) -> datetime:
        """The time."""
        return self.now()

    async def refresh(self) -> None:
        """Always noticed."""

    def monotonic(self) -> float:
        """Technical time."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in technical time."""
        await asyncio.sleep(seconds)


async def _jwks() -> Mapping[str, Any]:
    return {"keys": [json.loads(os.environ["JWK"])]}


async def _token(_callback: ScheduledCallback, _owner: str) -> str:
    return "a-service-token"


if __name__ == "__main__":
    verifier = Verifier("https://issuer.example", audience_of("simulators"), _jwks, time.time)
    settings = SimulatorsSettings()
    world = World(RealClock(), verifier, token_servers(), _token, httpx2.AsyncClient())
    uvicorn.run(create_app(settings, world), host="127.0.0.1", port=settings.port, log_level="warning")
