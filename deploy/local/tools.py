"""Runs the tools of this machine for their versions, and names a remedy for missing ones."""

import os
import subprocess
from collections.abc import Mapping, Sequence


class Lacking(Exception):
    """The machine does not have what a stack needs. `remedy` says what to do, as a command where there is one."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def output_of(argv: Sequence[str], remedy: str, env: Mapping[str, str] | None = None) -> str:
    """What the tool prints, errors included; Lacking with its last line when it is not there or fails.

    `env` is added to the environment.
    """
    tool = argv[0].rsplit("/", 1)[-1]
    try:
        done = subprocess.run(
            argv,
            check=False,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
        )
    except FileNotFoundError:
        raise Lacking(f"{tool} is not installed", remedy) from None
    except subprocess.TimeoutExpired:
        raise Lacking(f"{tool} does not answer", remedy) from None
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise Lacking(f"{tool} does not work: {last}", remedy)
    return done.stdout.strip()
