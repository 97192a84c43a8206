import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.processes import Processes
from deploy.local.stack import Stack
from shared.mongo import connect
from shared.settings import MongoSettings
from tests.chaos.faults import Fault
from tests.chaos.installation import Installation
from tests.chaos.run import not_back
from tests.chaos.spoiling import Spoiler
from tests.chaos.striking import Strike, Striker
from tests.support.machine import soon

NAME = "intake-1"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Programs of our own."""
    with Processes(tmp_path) as found:
        yield found


def striker(processes: Processes, *strikes: Strike) -> Striker:
    """One who struck so, and heals no more."""
    stack = Stack("given", "broker.example:9092", "mongodb://database.example", True, 500, "asked for")
    spoiler = Spoiler(connect(MongoSettings.model_validate({"uri": stack.mongo_uri})))
    return Striker(Installation(processes, stack, (), Path()), spoiler, print, list(strikes))


def start(processes: Processes, program: str) -> None:
    """Start a part that does this."""
    processes.start(NAME, [sys.executable, "-c", program], {}, None)


class TestNotBack:
    def test_names_what_ended_after_the_last_fault(self, processes: Processes) -> None:
        """Nobody starts it again, and the other replica would hide it."""
        start(processes, "")
        assert soon(lambda: not processes.alive(NAME))

        assert [f"ended by itself: {NAME}"] == not_back(striker(processes))

    def test_names_what_came_back_too_late(self, processes: Processes) -> None:
        """A part that a fault struck, and that was not ready within its time."""
        late = Strike(Fault(1, 0.0, "kill", (NAME,), 0.0), 0.0, 1.0, None)

        assert [f"not back in time: kill {NAME}"] == not_back(striker(processes, late))

    def test_stays_quiet_about_what_runs(self, processes: Processes) -> None:
        """All is well."""
        start(processes, "import signal; signal.pause()")

        assert [] == not_back(striker(processes))
