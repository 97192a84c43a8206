"""What the tests of intake's doors share."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.intake.running import Running, running


@pytest.fixture
async def intake() -> AsyncIterator[Running]:
    """Intake with its doors open, and nothing taken in yet."""
    async with running() as found:
        yield found
