"""How long to wait before the next try: twice as long each time, bounded, and not for all at the same moment.

Pure: chance is handed in, or taken from a name, so that a document is decided the same way wherever it is.
"""

from zlib import crc32

DOUBLINGS = 16
"""After so many it no longer matters: whatever waits for so long is bounded. Beyond 1,023 a float overflows."""
SPREAD = 0.25
"""By how much of itself a pause may be shorter: after an outage not everybody comes back at once."""


def pause_s(tries: int, first_s: float, longest_s: float, chance: float) -> float:
    """Seconds to wait after so many tries in a row, however many; `chance` from 0 to 1 shortens it."""
    doubled = first_s * 2.0 ** min(max(tries, 0), DOUBLINGS)
    return min(doubled, longest_s) * (1 - SPREAD * chance)


def chance_of(name: str, tries: int) -> float:
    """A number from 0 to 1 that is as good as drawn, the same for the same name and try."""
    return crc32(f"{name}/{tries}".encode()) / 0xFFFFFFFF
