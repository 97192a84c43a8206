"""Where a ZIP code lies, from a table that comes with the program."""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache

_READ = """
import json, sys, zipcodes
json.dump({each["zip_code"]: each["timezone"] for each in zipcodes.list_all() if each["timezone"]}, sys.stdout)
"""


def timezone_of(zip_code: str | None, home: str) -> str:
    """The IANA zone of a five-digit ZIP code; `home` where that is not known."""
    return zones().get(zip_code or "", home)


@cache
def zones() -> Mapping[str, str]:
    """The zone of each ZIP code. Takes most of a second the first time: ask before the first order comes.

    A process of its own reads the table, since it would keep 40 MB of which we need a tenth.
    """
    read = subprocess.run([sys.executable, "-c", _READ], check=True, capture_output=True)  # noqa: S603 - our own words
    return {zip_code: sys.intern(zone) for zip_code, zone in json.loads(read.stdout).items()}
