"""What the tests of the HTTP kit stand on."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from shared.telemetry import Metrics
from tests.support.callers import Issuer
from tests.unit.web import doors


@pytest.fixture
def metrics() -> Metrics:
    """The figures of the service under test."""
    return Metrics()


@pytest.fixture
async def client(metrics: Metrics) -> AsyncIterator[httpx2.AsyncClient]:
    """A coordinator's client."""
    issuer = Issuer()
    async with doors.coordinator(doors.service(issuer, metrics), issuer) as client:
        yield client
