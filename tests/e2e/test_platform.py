import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.cli.reach import Reach
from deploy.local.platform import Platform
from tests.e2e.running import command_of, eventually
from tests.support.machine import descendants, is_running, soon


class TestRevive:
    async def test_starts_again_what_ended_by_itself(self, platform: Platform, reach: Reach) -> None:
        """A part that dies behind our back is back soon; what runs is left alone."""
        [pid] = pids_of("services.notifications.app")
        others = pids_of("services.intake.app")
        os.kill(pid, signal.SIGKILL)

        def is_another() -> bool:
            platform.revive()  # a process whose other threads still exit has not ended yet
            return pids_of("services.notifications.app") not in ([], [pid])

        assert soon(is_another)
        assert others == pids_of("services.intake.app")
        await eventually(lambda: is_ready(reach, "notifications"))


def pids_of(module: str) -> list[int]:
    """The processes below this one that serve a module."""
    return [pid for pid in descendants(os.getpid()) if module in command_of(pid)]


async def is_ready(reach: Reach, service: str) -> bool:
    """Whether a service says so."""
    try:
        return (await reach.send(service, "GET", "/readyz")).is_success
    except Exception:  # noqa: BLE001 - whatever it is, it is not ready
        return False


@pytest.mark.timeout(600)
class TestInterrupt:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ends_a_demo_and_all_that_it_started(self, number: signal.Signals, tmp_path: Path) -> None:
        """Ctrl-C in the middle leaves no process, no data and no traceback."""
        demo = subprocess.Popen(
            [sys.executable, "-c", "from deploy.cli.main import app; app()", "demo", "--referrals", "20"],
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), "THROUGHLINE_STACK": "embedded"},
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert soon(lambda: any("services.tracking.app" in command_of(pid) for pid in descendants(demo.pid)), 180)
        family = descendants(demo.pid)

        demo.send_signal(number)
        _, told = demo.communicate(timeout=180)

        assert 130 == demo.returncode
        assert "Traceback" not in told
        assert soon(lambda: not [pid for pid in family if is_running(pid)])
        assert [] == list((tmp_path / ".throughline" / "demo").glob("data-*"))
