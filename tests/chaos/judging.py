"""Has a history judged by `judge/`, a program in Go around porcupine: it shares no code with what it judges.

Where Go is missing or the checker cannot be fetched, there is no verdict, and why is said.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from deploy.local.tools import Lacking, output_of

_SOURCE: Final = Path(__file__).parent / "judge"
_ENV: Final = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false"}
_REMEDY: Final = "The judge is left out. It needs Go 1.21 or newer, and the Go modules of tests/chaos/judge/go.mod."
_WITHIN_S: Final = 300.0


@dataclass(frozen=True)
class Verdict:
    """What the judge says; the last line sums it up."""

    is_accepted: bool
    is_judged: bool
    lines: tuple[str, ...]


def judge_in(folder: Path) -> Path:
    """Build the judge. Raises Lacking where it cannot be had, CalledProcessError when its source is at fault."""
    output_of(["go", "-C", str(_SOURCE), "mod", "download"], _REMEDY, _ENV)
    program = folder.resolve() / "judge"
    build = ["go", "-C", str(_SOURCE), "build", "-o", str(program), "."]
    subprocess.run(build, check=True, env={**os.environ, **_ENV}, timeout=_WITHIN_S)
    return program


def judged(program: Path, history: Path) -> Verdict:
    """Its verdict on a history."""
    done = subprocess.run([str(program), str(history)], capture_output=True, text=True, check=False, timeout=_WITHIN_S)
    lines = tuple((done.stdout + done.stderr).splitlines())
    return Verdict(is_accepted=done.returncode == 0, is_judged=done.returncode in (0, 1), lines=lines)


def judgement(history: Path) -> tuple[list[str], str]:
    """What is wrong by the judge's verdict on a run, and a line about it: the verdict, or why there is none."""
    try:
        with TemporaryDirectory() as folder:
            verdict = judged(judge_in(Path(folder)), history)
    except Lacking as lacking:
        return [], f"left out: {lacking} ({lacking.remedy})"
    *findings, last = verdict.lines
    wrong = [] if verdict.is_accepted else [f"judge: {line}" for line in (*findings, last)]
    return wrong, last
