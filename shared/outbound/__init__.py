"""Everything that we send to others: one request, what its outcome means, and with whose credential it goes."""

import httpx2

from shared.outbound.answers import REACHED_WITHIN_S, NotTaken, exchange
from shared.outbound.tokens import ASSERTION_TYPE, ServiceAuth, ServiceToken, assertion
from shared.settings import OutboundSettings
from shared.transport import AiohttpTransport

__all__ = [
    "ASSERTION_TYPE",
    "REACHED_WITHIN_S",
    "NotTaken",
    "ServiceAuth",
    "ServiceToken",
    "assertion",
    "authenticated_client",
    "exchange",
]


def authenticated_client(settings: OutboundSettings) -> httpx2.AsyncClient:
    """A client that sends our token, and neither retries nor follows redirects."""
    token = ServiceToken.from_file(
        settings.credentials_file, settings.issuer_url, httpx2.AsyncClient(timeout=5.0), "throughline-simulators"
    )
    return httpx2.AsyncClient(auth=ServiceAuth(token), follow_redirects=False, transport=AiohttpTransport())
