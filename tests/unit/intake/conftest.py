"""What the tests of intake's doors share."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.intake.standing import Standing, standing


@pytest.fixture
async def intake() -> AsyncIterator[Standing]:
    """Intake with its doors open, and nothing taken in yet."""
    async with standing() as found:
        yield found
