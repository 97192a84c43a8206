"""What the tests of tracking's doors share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.tracking.running import Running, running


@pytest.fixture
async def tracking(tmp_path: Path) -> AsyncIterator[Running]:
    """Tracking with its doors open, two hours after noon, and nothing told yet."""
    async with running(tmp_path, minutes=120) as found:
        yield found
