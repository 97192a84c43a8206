"""How a command ends when it is told to."""

import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys, time
from deploy.cli.exits import ending_well

class Dropped:
    def __del__(self):
        signal.raise_signal(signal.{number})

@ending_well
def command():
    Dropped()
    time.sleep(60)
    print("slept")

try:
    command()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_in_a_finalizer_ends_it_too(number: str) -> None:
    """Python drops what is raised there, and the command would go on as if nobody had said anything."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(number=number)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (130, "", "") == (done.returncode, done.stdout, done.stderr)
