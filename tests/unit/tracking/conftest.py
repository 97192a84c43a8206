"""What the tests of tracking's doors share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.tracking.standing import Standing, standing


@pytest.fixture
async def tracking(tmp_path: Path) -> AsyncIterator[Standing]:
    """Tracking with its doors open, two hours after noon, and nothing told yet."""
    async with standing(tmp_path, minutes=120) as found:
        yield found
