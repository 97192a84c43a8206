"""What the tests of the ways out share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.outside.smtp_server import Server, mail_server
from tests.unit.notifications.running import Running, running


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A mail server that takes everything."""
    async with mail_server() as inbox:
        yield inbox


@pytest.fixture
async def notifications(server: Server) -> AsyncIterator[Running]:
    """The service with its doors open, and nothing told yet."""
    async with running(server) as found:
        yield found
