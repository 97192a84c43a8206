import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import free_port, on_free_port
from deploy.local.processes import Processes, ProgramFailed
from tests.support.machine import is_running, soon

FOREVER = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()",
]
PARENT = """
import signal, sys
from pathlib import Path
from deploy.local.processes import Processes
programs = Processes(Path(sys.argv[1]))
programs.start("one", [sys.executable, "-c", "import signal; signal.pause()"], {}, None,
               undo=["touch", sys.argv[1] + "/undone"])
print(programs.pid("one"), flush=True)
signal.pause()
"""


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Processes]:
    """An empty set of programs, ended after the test."""
    with Processes(tmp_path) as running:
        yield running


class TestStart:
    def test_runs_the_program_with_the_environment_given(self, programs: Processes) -> None:
        """A program sees PATH and what it was given, and nothing of ours beside it."""
        script = "import os; print(sorted(set(os.environ) & {'PATH', 'GIVEN', 'PYTEST_CURRENT_TEST'}))"

        programs.start("one", [sys.executable, "-c", script], {"GIVEN": "1"}, None)
        programs.finish("one", 60)

        assert "['GIVEN', 'PATH']\n" == programs.log("one").read_text()

    def test_refuses_a_name_that_is_running(self, programs: Processes) -> None:
        """Two programs of one name could not be told apart."""
        programs.start("one", FOREVER, {}, None)

        with pytest.raises(ValueError, match="already running"):
            programs.start("one", FOREVER, {}, None)

    def test_starts_again_what_was_killed(self, programs: Processes) -> None:
        """A crash and a restart are a kill and a start of the same name, and the log goes on."""
        programs.start("one", [sys.executable, "-c", "print(1, flush=True); import signal; signal.pause()"], {}, None)
        assert soon(lambda: programs.log("one").read_text() == "1\n")
        first = programs.pid("one")

        programs.kill("one")
        programs.start("one", FOREVER, {}, None)

        assert programs.alive("one")
        assert not is_running(first)
        assert "1\n" == programs.log("one").read_text()


class TestStartAgain:
    def test_starts_what_was_killed_as_it_was_started_last(self, programs: Processes) -> None:
        """The command line and the environment are those of before; the log goes on."""
        script = "import os, signal; print(os.environ['GIVEN'], flush=True); signal.pause()"
        programs.start("one", [sys.executable, "-c", script], {"GIVEN": "1"}, None)
        assert soon(lambda: programs.log("one").read_text() == "1\n")
        programs.kill("one")

        programs.start_again("one")

        assert soon(lambda: programs.log("one").read_text() == "1\n1\n")


class TestWaitReady:
    def test_returns_when_the_program_answers(self, programs: Processes) -> None:
        """Ready means that the address answers 200, not that the process exists."""
        port = free_port()
        serve = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

        programs.start("web", serve, {}, f"http://127.0.0.1:{port}/")
        programs.wait_ready("web", 60)

        with socket.create_connection(("127.0.0.1", port)):
            assert programs.alive("web")

    def test_shows_the_log_of_a_program_that_ended(self, programs: Processes) -> None:
        """Waiting for what has ended is over at once, and the reason is in the message."""
        programs.start("one", [sys.executable, "-c", "raise SystemExit('no configuration')"], {}, "http://127.0.0.1:1/")

        with pytest.raises(ProgramFailed, match=r"(?s)ended before it was ready.*no configuration"):
            programs.wait_ready("one", 60)

    def test_gives_up_at_the_deadline(self, programs: Processes) -> None:
        """A program that never answers does not hold up its starter for ever."""
        programs.start("one", FOREVER, {}, f"http://127.0.0.1:{free_port()}/")

        with pytest.raises(ProgramFailed, match=r"was not ready after 0\.2 s"):
            programs.wait_ready("one", 0.2)


class TestFinish:
    def test_refuses_a_program_that_failed(self, programs: Processes) -> None:
        """An exit code other than 0 is told with the end of the log."""
        programs.start("one", [sys.executable, "-c", "print('broken'); raise SystemExit(3)"], {}, None)

        with pytest.raises(ProgramFailed, match=r"(?s)exit code 3.*broken"):
            programs.finish("one", 60)

    def test_ends_a_program_that_takes_too_long(self, programs: Processes) -> None:
        """What overruns its time does not run on unseen."""
        programs.start("one", FOREVER, {}, None)

        with pytest.raises(ProgramFailed, match="took longer"):
            programs.finish("one", 0.1)

        assert not programs.alive("one")


class TestStop:
    def test_ends_the_children_of_the_program_too(self, programs: Processes) -> None:
        """A program that leaves a child behind leaves it to us."""
        script = (
            "import subprocess, sys, signal;"
            "print(subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']).pid, flush=True);"
            "signal.pause()"
        )
        programs.start("one", [sys.executable, "-c", script], {}, None)
        assert soon(lambda: programs.log("one").read_text().endswith("\n"))
        child = int(programs.log("one").read_text())

        programs.stop("one")

        assert soon(lambda: not is_running(child))

    def test_runs_the_undo(self, programs: Processes, tmp_path: Path) -> None:
        """What a signal does not reach, such as a container, is ended by the command given for it."""
        programs.start("one", FOREVER, {}, None, undo=["touch", str(tmp_path / "undone")])

        programs.stop("one")

        assert (tmp_path / "undone").exists()

    def test_stays_quiet_when_it_has_ended(self, programs: Processes) -> None:
        """Stopping and killing may be said twice, and of what never ran."""
        programs.start("one", FOREVER, {}, None)

        for name in ("one", "one", "other"):
            programs.stop(name)
            programs.kill(name)

        assert not programs.alive("one")


class TestParentDies:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_ends_all_that_was_started(self, tmp_path: Path, number: signal.Signals) -> None:
        """Nobody is left to stop the programs, and they end all the same, undo included."""
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
        )
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)

        parent.send_signal(number)
        parent.communicate()

        assert soon(lambda: not is_running(child))
        assert soon((tmp_path / "undone").exists)


class TestOnFreePort:
    def test_tries_another_port_when_somebody_was_faster(self, programs: Processes) -> None:
        """Between finding a free port and listening on it, another may take it."""
        ports: list[int] = []
        bind = "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); print('mine')"

        def launch(port: int) -> str:
            ports.append(port)
            with socket.socket() as rival:
                if len(ports) == 1:
                    rival.bind(("127.0.0.1", port))
                programs.start("one", [sys.executable, "-c", bind, str(port)], {}, None)
                programs.finish("one", 60)
            return "started"

        assert "started" == on_free_port(launch)
        assert 2 == len(ports)

    def test_does_not_repeat_a_failure_of_another_kind(self) -> None:
        """A broken program is as broken on the next port."""
        ports: list[int] = []

        def launch(port: int) -> str:
            ports.append(port)
            raise ProgramFailed("no such library")

        with pytest.raises(ProgramFailed):
            on_free_port(launch)

        assert 1 == len(ports)
