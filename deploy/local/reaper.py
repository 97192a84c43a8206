"""Ends the programs that its parent started, if the parent dies without ending them: kill -9, SIGTERM, a crash.

A second process in a session of its own holds the read end of a pipe whose only write end is the parent's; end of
file means that the parent is gone. Runs as a script, so it imports the standard library alone.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence


class Reaper:
    """The parent's side: a watched process ends, at the latest, when this process does."""

    def __init__(self) -> None:
        reaper_end, our_end = os.pipe()
        self._pipe = os.fdopen(our_end, "w")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            cwd="/",  # holds no directory of ours
            stdin=reaper_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reaper_end)

    def watch(self, name: str, pid: int | None, undo: Sequence[str] = ()) -> None:
        """End the process group of `pid`, then run the command `undo`; replaces what `name` stood for."""
        if self._process.poll() is not None:
            raise RuntimeError("The reaper has ended: nothing may be started that it could not end.")
        self._write({"name": name, "pid": pid, "undo": list(undo)})

    def forget(self, name: str) -> None:
        """What `name` stood for has ended: its process id may soon be another's."""
        self._write({"name": name})

    def close(self) -> None:
        """End what is still being watched, and wait until it has ended."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()
        self._process.wait()

    def _write(self, entry: dict[str, object]) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(entry), file=self._pipe, flush=True)


def _still_watched(lines: Iterable[str]) -> list[dict[str, object]]:
    watched: dict[object, dict[str, object]] = {}
    for line in lines:
        entry = json.loads(line)
        watched.pop(entry["name"], None)
        if "pid" in entry:
            watched[entry["name"]] = entry
    return list(watched.values())


def _end(entry: dict[str, object]) -> None:
    pid, undo = entry["pid"], entry["undo"]
    if isinstance(pid, int):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    if isinstance(undo, list) and undo:
        _run_twice(undo)


def _run_twice(undo: Sequence[str]) -> None:
    """Twice, because a container that was being made when its client was killed appears a moment later."""
    for pause_s in (1.0, 0.0):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(undo, check=False, timeout=30, capture_output=True)
        time.sleep(pause_s)


def main() -> None:
    """Read entries until the parent is gone, then end what is left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    for entry in _still_watched(sys.stdin):
        _end(entry)


if __name__ == "__main__":
    main()
