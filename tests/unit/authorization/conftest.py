"""What the tests of authorization's doors share."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.authorization.standing import Standing, standing


@pytest.fixture
async def authorization() -> AsyncIterator[Standing]:
    """Authorization with its doors open, and nothing told yet."""
    async with standing() as found:
        yield found


@pytest.fixture
async def pended(authorization: Standing) -> Standing:
    """A request that the payer has pended."""
    await authorization.refer()
    await authorization.until_step("await_payer_decision")
    return authorization
