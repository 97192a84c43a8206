"""What processes cost: CPU and memory as the kernel accounts for them in /proc (Linux)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PROGRAMS = {"mongod": "mongod", "java": "broker", "tansu": "broker"}


@dataclass(frozen=True)
class Reading:
    """CPU since the process began, its resident memory now and at its highest (MiB)."""

    cpu_s: float
    rss_mb: float
    peak_mb: float


def read(pids: Mapping[str, int]) -> dict[str, Reading]:
    """One reading of each process."""
    return {name: _reading(pid) for name, pid in pids.items()}


def cpu_us(before: Mapping[str, Reading], after: Mapping[str, Reading], count: int) -> dict[str, float]:
    """CPU microseconds per referral, by process."""
    return {name: (after[name].cpu_s - before[name].cpu_s) / count * 1e6 for name in before}


def stack_pids() -> dict[str, int]:
    """Broker and database, where they are our own children (in containers they are not)."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (name := _PROGRAMS.get(_child_name(folder))):
            found[name] = int(folder.name)
    return found


def _child_name(folder: Path) -> str:
    try:
        stat = (folder / "stat").read_text()
    except OSError:
        return ""
    name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
    return name if int(rest[1]) == os.getpid() else ""


def _reading(pid: int) -> Reading:
    stat = Path(f"/proc/{pid}/stat").read_text()
    fields = stat[stat.rindex(")") + 2 :].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    kilobytes = {name: int(status[name].split()[0]) for name in ("VmRSS", "VmHWM")}
    return Reading((int(fields[11]) + int(fields[12])) * _TICK_S, kilobytes["VmRSS"] / 1024, kilobytes["VmHWM"] / 1024)
