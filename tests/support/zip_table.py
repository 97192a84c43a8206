"""Makes the table of ZIP codes that intake reads, out of the library: `python -m tests.support.zip_table` writes it.

The library would keep 40 MB and take a second, so no program of the product loads it.
A line is `prefix state zone codes…`: the first three digits, then the last two of each code, or of the first and the
last of several in a row. The zone is `-` where the library knows none (armed forces, who may be anywhere).
"""

from collections import defaultdict
from collections.abc import Iterable

import zipcodes

from services.intake.api.places import NO_ZONE, ZIP_TABLE

_PREFIX_DIGITS = 3


def rows() -> list[tuple[str, str, str]]:
    """Each ZIP code of the library with its state and its zone. One row has the name of a town for a zone."""
    listed = [(each["zip_code"], each["state"], each["timezone"]) for each in zipcodes.list_all()]  # type: ignore[no-untyped-call] # a binary without types
    return sorted((code, state, zone if "/" in zone else NO_ZONE) for code, state, zone in listed)


def text() -> str:
    """The table."""
    lines = defaultdict[tuple[str, str, str], list[int]](list)
    for code, state, zone in rows():
        lines[code[:_PREFIX_DIGITS], state, zone].append(int(code[_PREFIX_DIGITS:]))
    return "".join(f"{' '.join([*key, *_ranges(numbers)])}\n" for key, numbers in sorted(lines.items()))


def _ranges(numbers: Iterable[int]) -> list[str]:
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1] = [found[-1][0], number]
        else:
            found.append([number])
    return ["-".join(f"{number:02}" for number in ends) for ends in found]


if __name__ == "__main__":
    ZIP_TABLE.write_text(text())
