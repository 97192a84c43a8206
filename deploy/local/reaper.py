"""Ends what its parent started, should the parent die without doing so: by kill -9, SIGTERM or a crash.

A second process in a session of its own holds the read end of a pipe whose only write end is the parent's;
end of file means that the parent is gone. Runs as a script, so it imports the standard library alone.
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
    """The parent's side: what is told here ends, at the latest, when this process does."""

    def __init__(self) -> None:
        orders_end, our_end = os.pipe()
        self._orders = os.fdopen(our_end, "w")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            cwd="/",  # holds no directory of ours
            stdin=orders_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(orders_end)

    def watch(self, name: str, pid: int | None, undo: Sequence[str] = ()) -> None:
        """End the process group of `pid`, then run the command `undo`; replaces what `name` stood for."""
        if self._process.poll() is not None:
            raise RuntimeError("The reaper has ended: nothing may be started that it could not end.")
        self._tell({"name": name, "pid": pid, "undo": list(undo)})

    def forget(self, name: str) -> None:
        """What `name` stood for has ended: its process id may soon be another's."""
        self._tell({"name": name})

    def close(self) -> None:
        """End what is still being watched, and wait until it has ended."""
        with contextlib.suppress(BrokenPipeError):
            self._orders.close()
        self._process.wait()

    def _tell(self, order: dict[str, object]) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(order), file=self._orders, flush=True)


def _still_watched(orders: Iterable[str]) -> list[dict[str, object]]:
    watched: dict[object, dict[str, object]] = {}
    for line in orders:
        order = json.loads(line)
        watched.pop(order["name"], None)
        if "pid" in order:
            watched[order["name"]] = order
    return list(watched.values())


def _end(order: dict[str, object]) -> None:
    pid, undo = order["pid"], order["undo"]
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
    """Read orders until the parent is gone, then end what is left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    for order in _still_watched(sys.stdin):
        _end(order)


if __name__ == "__main__":
    main()
