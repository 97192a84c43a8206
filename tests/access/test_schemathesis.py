"""A stranger's client sends each service what its OpenAPI document allows and what it forbids, and believes no word.

Schemathesis makes the requests and judges the answers: no fault of ours, and no status, header, media type or schema
that the document does not name. Whether all that is allowed is accepted is not asked: what was made up is not there.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping

import pytest
import uvicorn

from shared.identity import Role
from tests.access.conftest import SERVICES
from tests.support.five_services.running import FiveServices

PEOPLE = tuple(role for role in Role if role is not Role.PATIENT)
LOOKED_AT_S = 0.01
EXAMPLES = 8
"""By route, beside the cases of every boundary, which are always the same."""


@pytest.fixture(scope="module")
async def served(house: FiveServices, referrals: object) -> AsyncIterator[Mapping[str, str]]:
    """The five services on loopback, by name."""
    del referrals  # there are some, so that lists hold something
    servers = {}
    for name, app in house.apps.items():
        config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_level="error", access_log=False)
        servers[name] = uvicorn.Server(config)
    tasks = [asyncio.create_task(server.serve()) for server in servers.values()]
    while not all(server.started for server in servers.values()):
        await asyncio.sleep(LOOKED_AT_S)
    yield {
        name: f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}" for name, server in servers.items()
    }
    for server in servers.values():
        server.should_exit = True
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("service", SERVICES)
async def test_finds_nothing(service: str, house: FiveServices, served: Mapping[str, str]) -> None:
    """Of a service that keeps to its own description."""
    token = house.issuer.token(*PEOPLE, tenant="demo")
    how = ("--phases", "examples,coverage,fuzzing", "-n", str(EXAMPLES), "--seed", "1", "--no-color")
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{served[service]}/openapi.json", *how),
        *("-H", f"Authorization: Bearer {token}", "--exclude-checks", "positive_data_acceptance"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await program.communicate()
    assert 0 == program.returncode, said.decode()
