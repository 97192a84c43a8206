"""Patient data is sealed once, for one audience, and opened only where it is used (ADR 6)."""

from shared.sealing.keyring import TENANT, Keyring
from shared.sealing.openings import Opening, counting, counting_refusals, log_opening
from shared.sealing.seals import LARGEST_BYTES, SealingError

__all__ = [
    "LARGEST_BYTES",
    "TENANT",
    "Keyring",
    "Opening",
    "SealingError",
    "counting",
    "counting_refusals",
    "log_opening",
]
