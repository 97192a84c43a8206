"""How a command ends when it is told to."""

import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys, time, weakref
from deploy.cli.exits import ending_well

class Dropped:
    def __del__(self):
        if "{place}" == "finalizer":
            signal.raise_signal(signal.{number})

@ending_well
def command():
    dropped = Dropped()
    seen = weakref.ref(dropped, lambda _: signal.raise_signal(signal.{number}) if "{place}" == "callback" else None)
    del dropped
    time.sleep(60)
    print("slept")

try:
    command()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("place", ["finalizer", "callback"])
def test_a_signal_where_python_drops_what_is_raised_ends_it_too(number: str, place: str) -> None:
    """Else the command would go on as if nobody had said anything."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(number=number, place=place)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (130, "", "") == (done.returncode, done.stdout, done.stderr)
