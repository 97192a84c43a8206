"""What the tests of scheduling's doors share."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.scheduling.standing import Standing, standing


@pytest.fixture
async def scheduling() -> AsyncIterator[Standing]:
    """Scheduling with its doors open, on Tuesday, and nothing told yet."""
    async with standing() as found:
        yield found
