import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.effects.oauth import signing_key

COMMANDS = ("demo", "up", "load", "show", "status", "migrate", "token", "doctor", "parked", "topics", "key")


def throughline(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What the command line does in a process of its own, away from any platform that runs here."""
    return subprocess.run(
        [sys.executable, "-c", "from deploy.cli.main import app; app()", *args],
        env={"PATH": os.environ["PATH"], "THROUGHLINE_STATE": "/nonexistent/platform.json", "NO_COLOR": "1", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class TestThroughline:
    def test_lists_every_command_with_the_exit_codes(self) -> None:
        """Help is where people look first."""
        done = throughline("--help", COLUMNS="200")

        assert 0 == done.returncode
        assert [] == [command for command in COMMANDS if f" {command} " not in done.stdout]
        assert "Exit codes" in done.stdout

    def test_exits_with_2_when_it_is_not_understood(self) -> None:
        """Wrong usage is told from a failure."""
        assert 2 == throughline("load").returncode

    @pytest.mark.parametrize("command", [["status"], ["load", "README.md"], ["parked", "list"], ["show", "demo-a"]])
    def test_says_what_to_do_when_nothing_runs(self, command: list[str]) -> None:
        """Without a platform there is a remedy, an exit code of its own, and no traceback."""
        done = throughline(*command)

        assert 4 == done.returncode
        assert "" == done.stdout
        assert "No running platform was found." in done.stderr
        assert "throughline up" in done.stderr
        assert "Traceback" not in done.stderr

    def test_says_when_a_part_does_not_answer(self, tmp_path: Path) -> None:
        """A platform that was killed leaves its addresses behind."""
        from deploy.platform.keys import write_state  # noqa: PLC0415 - only this test needs keys

        write_state(tmp_path, ["demo"])
        credentials = str(tmp_path / "clients" / "demo-cli.json")

        done = throughline(
            "token", THROUGHLINE_CREDENTIALS_FILE=credentials, THROUGHLINE_ISSUER_URL="http://127.0.0.1:9"
        )

        assert 4 == done.returncode
        assert "Traceback" not in done.stderr

    def test_tells_programs_in_one_json_document(self) -> None:
        """With --json there is nothing on stdout that a program could not read."""
        done = throughline("doctor", "--json")

        assert "Python" in [check["name"] for check in json.loads(done.stdout)["checks"]]

    def test_says_who_needs_to_do_what_on_the_broker(self) -> None:
        """For people, for programs, and for the broker's own tool; nothing is asked or applied."""
        found = json.loads(throughline("topics", "acls", "--prefix", "acme.", "--json").stdout)["acls"]
        printed = throughline("topics", "acls", "--subscriber", "analytics", "--commands", "kafka:9092").stdout

        assert {
            "principal": "User:acme.intake",
            "operation": "Write",
            "resource": "topic",
            "name": "referral.public.intake.v1",
            "pattern": "literal",
            "permission": "Allow",
            "host": "*",
        } in found
        assert {"kafka-acls"} == {line.split()[0] for line in printed.splitlines()}
        assert "--allow-principal User:throughline-analytics" in printed

    @pytest.mark.parametrize(("name", "code"), [("*", 2), ("", 2), ("a b", 2), ("intake", 1)])
    def test_lists_no_subscriber_who_would_be_somebody_else(self, name: str, code: int) -> None:
        """A star is everybody, and our own names are ours."""
        assert code == throughline("topics", "acls", "--subscriber", name).returncode

    def test_makes_a_key_for_a_counterparty_once(self, tmp_path: Path) -> None:
        """The private half stays in a file of the owner's, the public half is printed, and no key is overwritten."""
        file = tmp_path / "keys" / "payer.json"
        done = throughline("key", "new", str(file), "--client-id", "us")
        again = throughline("key", "new", str(file), "--client-id", "us")

        [public], kept = json.loads(done.stdout)["keys"], json.loads(file.read_bytes())
        assert (0, 1) == (done.returncode, again.returncode)
        assert ("us", public["kid"], 0o600) == (kept["client_id"], kept["jwk"]["kid"], file.stat().st_mode & 0o777)
        assert "d" not in public
        assert signing_key(file).kid == public["kid"]
