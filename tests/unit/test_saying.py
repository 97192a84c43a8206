import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEST = """
import pytest

@pytest.fixture(scope="module")
def outcome(say):
    say("0 violations in 300 referrals")

def test_passes(outcome):
    pass
"""


class TestSay:
    @pytest.mark.parametrize("workers", ["0", "1"])
    def test_shows_what_a_green_run_proved(self, tmp_path: Path, workers: str) -> None:
        """What passes is captured, and a worker has no terminal: neither keeps it back."""
        (tmp_path / "test_green.py").write_text(TEST)
        plugins = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-n", workers)
        argv = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(tmp_path), *plugins]
        done = subprocess.run(
            [*argv, str(tmp_path)], cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )

        assert 0 == done.returncode, done.stdout + done.stderr
        assert "\n0 violations in 300 referrals\n" in done.stdout
