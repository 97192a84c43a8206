"""Everything that we send to others: one request, what its outcome means, and with whose credential it goes."""

from shared.effects.clients import Clients, Connections
from shared.effects.http import REACHED_WITHIN_S, NotTaken, exchange
from shared.effects.oauth import ASSERTION_TYPE, ServiceAuth, ServiceToken, assertion, signing_key

__all__ = [
    "ASSERTION_TYPE",
    "REACHED_WITHIN_S",
    "Clients",
    "Connections",
    "NotTaken",
    "ServiceAuth",
    "ServiceToken",
    "assertion",
    "exchange",
    "signing_key",
]
