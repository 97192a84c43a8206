"""Reads a file of FHIR Bundles, one a line, plain or gzip, without ever holding more than a line of it."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from deploy.cli.exits import Failure

LONGEST_BYTES: Final = 1024 * 1024
"""What intake takes. A longer line is cut one byte above, which is enough to have it refused."""
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class Line:
    """One line, its number counted from 1, and how much of the file (0 to 1) has been read."""

    number: int
    content: bytes
    read: float


@contextmanager
def opened(path: Path) -> Iterator[Iterator[Line]]:
    """The lines that are not blank. Raises Failure when there is no such file or its compression is damaged."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    with raw:
        is_gzip = raw.read(2) == _GZIP
        raw.seek(0)
        yield _numbered(gzip.GzipFile(fileobj=raw) if is_gzip else raw, raw, max(path.stat().st_size, 1))


def _numbered(file: IO[bytes] | gzip.GzipFile, raw: IO[bytes], size: int) -> Iterator[Line]:
    number = 0
    try:
        while content := _line(file):
            number += 1
            if stripped := content.strip():
                yield Line(number, stripped, min(raw.tell() / size, 1.0))
    except (gzip.BadGzipFile, EOFError, zlib.error):
        remedy = "Compress it anew and load it again: what was taken in is not doubled."
        raise Failure(f"The file is damaged after line {number}.", remedy) from None


def _line(file: IO[bytes] | gzip.GzipFile) -> bytes:
    """The next line, at most LONGEST_BYTES and one of it; the rest of a longer one is skipped."""
    content = file.readline(LONGEST_BYTES + 1)
    rest = content
    while len(rest) > LONGEST_BYTES and not rest.endswith(b"\n"):
        rest = file.readline(LONGEST_BYTES + 1)
    return content
