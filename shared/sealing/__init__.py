"""Patient data is sealed once, for one audience, and opened only where it is used (ADR 6)."""

from shared.sealing.following import follow
from shared.sealing.keyring import Keyring
from shared.sealing.keys import DERIVED, IDENTIFIER, TENANT
from shared.sealing.openings import Opening, counting, counting_refusals, log_opening
from shared.sealing.seals import LARGEST_BYTES, SealingError

__all__ = [
    "DERIVED",
    "IDENTIFIER",
    "LARGEST_BYTES",
    "TENANT",
    "Keyring",
    "Opening",
    "SealingError",
    "counting",
    "counting_refusals",
    "follow",
    "log_opening",
]
