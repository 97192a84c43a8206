"""Reads a file of FHIR Bundles, plain or gzip: one a line, without ever holding more than a line; or one on many lines.

A file is one document where its first line is none by itself, but the whole is.
"""

import gzip
import json
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from deploy.cli.exits import Failure

LONGEST_BYTES: Final = 1024 * 1024
"""What intake takes. A longer line is cut one byte above, which is enough to have it refused."""
LONGEST_DOCUMENT_BYTES: Final = 8 * LONGEST_BYTES
"""Of one document on many lines; its blanks are not sent."""
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
        file = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        document = _document(file)
        size = max(path.stat().st_size, 1)
        yield iter([Line(1, document, 1.0)]) if document else _numbered(file, raw, size)


def _document(file: IO[bytes] | gzip.GzipFile) -> bytes | None:
    """The one document that the file is, without its blanks; None if it holds one a line, and then it is rewound."""
    try:
        start = file.readline(LONGEST_BYTES + 1)
        whole = b"" if _parsed(start) is not None else start + file.read(LONGEST_DOCUMENT_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        whole = b""
    file.seek(0)
    found = _parsed(whole)
    # Without its indentation, but not written anew: what is wrong with it has to stay.
    return None if found is None else b"".join(line.strip() for line in whole.removeprefix(BOM_UTF8).splitlines())


def _parsed(text: bytes) -> object | None:
    try:
        return json.loads(text.removeprefix(BOM_UTF8)) if text.strip() else None
    except ValueError:
        return None


def _numbered(file: IO[bytes] | gzip.GzipFile, raw: IO[bytes], size: int) -> Iterator[Line]:
    number = 0
    try:
        while content := _line(file):
            number += 1
            # Some programs begin a file of UTF-8 with a mark that is none of JSON's.
            if stripped := (content.removeprefix(BOM_UTF8) if number == 1 else content).strip():
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
