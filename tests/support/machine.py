"""What the operating system says about processes (Linux), and waiting for it to say so."""

import time
from collections.abc import Callable
from pathlib import Path


def soon(condition: Callable[[], bool], timeout_s: float = 60) -> bool:
    """Whether the condition holds before the time is over."""
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than an entry that nobody has collected."""
    fields = _status(pid)
    return bool(fields) and fields[0] != "Z"


def descendants(pid: int) -> set[int]:
    """The process ids of its children, their children, and so on."""
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    parents = {process: int(fields[1]) for process in processes if (fields := _status(process))}
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return family - {pid}


def _status(pid: int) -> list[str]:
    """State, parent and so on, as in proc(5); empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
