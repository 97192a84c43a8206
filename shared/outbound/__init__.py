"""Everything that we send to others: one request, what its outcome means, and with whose credential it goes."""

from shared.outbound.answers import REACHED_WITHIN_S, NotTaken, exchange
from shared.outbound.lines import Connections, Lines
from shared.outbound.tokens import ASSERTION_TYPE, ServiceAuth, ServiceToken, assertion

__all__ = [
    "ASSERTION_TYPE",
    "REACHED_WITHIN_S",
    "Connections",
    "Lines",
    "NotTaken",
    "ServiceAuth",
    "ServiceToken",
    "assertion",
    "exchange",
]
