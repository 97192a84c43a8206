"""Checks what this machine has for Throughline, and names a remedy for the rest. Changes nothing."""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local import containers, kafka_jvm, mongod, tansu
from deploy.local.tools import Lacking

_PYTHON = (3, 11)
_MEMORY_GIB, _DISK_GIB = 3, 3  # the whole stack with five services, and the data of a demo


@dataclass(frozen=True)
class Check:
    """One check. `remedy` says what to do when it is not `ok`, and is empty when it is."""

    name: str
    ok: bool
    detail: str
    remedy: str


def checks() -> list[Check]:
    """All checks, in the order in which a set-up needs them. Docker, and Java with Maven, are each optional."""
    looks: dict[str, Callable[[], str]] = {
        "Python": _python,
        "venv": _venv,
        "memory": _memory,
        "disk": _disk,
        "Docker": containers.find,
        "Java": kafka_jvm.find_java,
        "Maven": kafka_jvm.find_maven,
        "mongod": mongod.find,
        "Tansu": tansu.find,
    }
    return [_checked(name, look) for name, look in looks.items()]


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, detail=look(), remedy="")
    except Lacking as lacking:
        return Check(name, ok=False, detail=str(lacking), remedy=lacking.remedy)


def _python() -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _PYTHON:
        raise Lacking(f"Python {version} is too old", "install Python 3.11 or newer")
    return f"Python {version}"


def _venv() -> str:
    if importlib.util.find_spec("ensurepip") is None:
        raise Lacking("python3 -m venv cannot install pip", "apt-get install python3-venv")
    return "python3 -m venv works"


def _memory() -> str:
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return "not measured on this system"
    (available,) = (line for line in meminfo.read_text().splitlines() if line.startswith("MemAvailable:"))
    return _enough("memory", int(available.split()[1]) / 2**20, _MEMORY_GIB, "stop what is not needed")


def _disk() -> str:
    gib = shutil.disk_usage(Path.cwd()).free / 2**30
    return _enough("disk", gib, _DISK_GIB, "make room")


def _enough(what: str, gib: float, needed_gib: int, remedy: str) -> str:
    if gib < needed_gib:
        raise Lacking(f"{gib:.1f} GiB of {what} free, {needed_gib} wanted", remedy)
    return f"{gib:.1f} GiB free"
