"""What the tests of the simulators share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.simulators.served_simulators import Outside, served


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    """Simulators with nothing in them."""
    async with served(tmp_path) as running:
        yield running
