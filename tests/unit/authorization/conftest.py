"""What the tests of authorization's doors share."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.authorization.running import Running, running


@pytest.fixture
async def authorization() -> AsyncIterator[Running]:
    """Authorization with its doors open, and nothing told yet."""
    async with running() as found:
        yield found


@pytest.fixture
async def pended(authorization: Running) -> Running:
    """A request that the payer has pended."""
    await authorization.refer()
    await authorization.until_step("await_payer_decision")
    return authorization
