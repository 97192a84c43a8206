"""Programs that this one starts, watches and ends: brokers, databases, services, simulators.

Each runs in a session of its own (Ctrl-C reaches us alone, and we end them in order), writes its log to
`logs/<name>.log`, and dies with us, however we die.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx2

from deploy.local.reaper import Reaper

_INHERITED = ("PATH", "LD_LIBRARY_PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
_TERM_GRACE_S = 20.0
_POLL_S = 0.05


class ProgramFailed(Exception):
    """A program ended, or did not become ready in time. The message ends with the last lines of its log."""


@dataclass(frozen=True)
class _Launch:
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready_url: str | None
    undo: tuple[str, ...]


@dataclass(frozen=True)
class _Program:
    process: subprocess.Popen[bytes]
    launch: _Launch


class Processes:
    """Named programs, ended together; a context manager. For one thread."""

    def __init__(self, directory: Path) -> None:
        self._logs = directory / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._programs: dict[str, _Program] = {}
        self._launches: dict[str, _Launch] = {}
        self._reaper = Reaper()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop_all()
        finally:  # a second Ctrl-C ends the patience, not the programs
            self._reaper.close()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        ready_url: str | None,
        undo: Sequence[str] = (),
    ) -> None:
        """Start `argv` as `name`, whose former program, if any, has ended.

        `env` is its whole environment, but for PATH and its like. `undo` is a command that ends what a kill
        does not reach, such as a container.
        """
        if self.alive(name):
            raise ValueError(f"{name} is already running.")
        self._launches[name] = launch = _Launch(tuple(argv), env, ready_url, tuple(undo))
        inherited = {key: os.environ[key] for key in _INHERITED if key in os.environ}
        self._clear(name)
        self._reaper.watch(name, None, undo)
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                argv,
                env={**inherited, "PYTHONUNBUFFERED": "1", **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._reaper.watch(name, process.pid, undo)
        self._programs[name] = _Program(process, launch)

    def start_again(self, name: str) -> None:
        """Start what has ended, by whatever end, as it was started last: same command line, same environment."""
        launch = self._launches[name]
        self.start(name, launch.argv, launch.env, launch.ready_url, launch.undo)

    def wait_ready(self, name: str, timeout_s: float) -> None:
        """Wait until the program's `ready_url` answers 200; ProgramFailed when it ends first or takes longer."""
        url = self._programs[name].launch.ready_url
        if url is not None:
            self.wait_until(name, lambda: _answers(url), timeout_s)

    def is_ready(self, name: str) -> bool:
        """Whether the program answers 200 at its `ready_url` at this moment."""
        program = self._programs.get(name)
        url = program.launch.ready_url if program else None
        return url is not None and _answers(url)

    def wait_until(self, name: str, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `ready()` holds; ProgramFailed when the program ends first or it takes longer."""
        deadline = time.monotonic() + timeout_s
        while self.alive(name):
            if ready():
                return
            if time.monotonic() > deadline:
                raise ProgramFailed(f"{name} was not ready after {timeout_s:g} s.\n{self.last_lines(name)}")
            time.sleep(_POLL_S)
        raise ProgramFailed(f"{name} ended before it was ready.\n{self.last_lines(name)}")

    def finish(self, name: str, timeout_s: float) -> None:
        """Wait until the program ends by itself; ProgramFailed when it fails or takes longer."""
        try:
            code = self._programs[name].process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill(name)
            raise ProgramFailed(f"{name} took longer than {timeout_s:g} s.\n{self.last_lines(name)}") from None
        self._clear(name)
        if code != 0:
            raise ProgramFailed(f"{name} failed with exit code {code}.\n{self.last_lines(name)}")

    def kill(self, name: str) -> None:
        """End it at once with SIGKILL, as a crash would; it may be started again. Quiet when it has ended."""
        self._end([name], signal.SIGKILL)

    def stop(self, name: str) -> None:
        """Ask it to end, insist after a while, and wait until it has ended. Quiet when it has ended."""
        self._end([name], signal.SIGTERM)

    def stop_all(self) -> None:
        """Stop every program, the youngest first, and wait until all have ended."""
        self._end(list(reversed(self._programs)), signal.SIGTERM)

    def pid(self, name: str) -> int:
        """The process id of its running program."""
        return self._programs[name].process.pid

    def alive(self, name: str) -> bool:
        """Whether it was started and has not ended."""
        return name in self._programs and self._programs[name].process.poll() is None

    def ended(self) -> list[str]:
        """Those that were started, were not stopped, and run no more."""
        return [name for name in self._programs if not self.alive(name)]

    def log(self, name: str) -> Path:
        """Where it writes; each run appends."""
        return self._logs / f"{name}.log"

    def last_lines(self, name: str, count: int = 15) -> str:
        """The end of its log, headed by where the rest is."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-count:]
        return "\n".join([f"Last lines of {self.log(name)}:", *(f"  {line}" for line in lines)])

    def _end(self, names: Sequence[str], number: int) -> None:
        running = [name for name in names if self.alive(name)]
        for name in running:
            self._programs[name].process.send_signal(number)
        deadline = time.monotonic() + _TERM_GRACE_S
        for name in running:
            process = self._programs[name].process
            try:
                process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for name in names:
            self._clear(name)

    def _clear(self, name: str) -> None:
        """End what a program that has ended left behind: children in its session, its container."""
        program = self._programs.pop(name, None)
        if program is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.process.pid, signal.SIGKILL)
        if program.launch.undo:
            subprocess.run(program.launch.undo, check=False, capture_output=True, timeout=60)
        self._reaper.forget(name)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2, trust_env=False).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
