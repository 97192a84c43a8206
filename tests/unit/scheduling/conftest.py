"""What the tests of scheduling's doors share."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.scheduling.running import Running, running


@pytest.fixture
async def scheduling() -> AsyncIterator[Running]:
    """Scheduling with its doors open, on Tuesday, and nothing told yet."""
    async with running() as found:
        yield found
