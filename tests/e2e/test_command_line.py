import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.reach import Reach
from deploy.local.platform import Platform
from shared.contracts.envelope import ACCESS_TOPIC, SERVICES, dead_letter_topic, topic_of
from tests.e2e.poisoner import Poisoner
from tests.e2e.running import eventually, order, row, send_order, timeline

Throughline = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def throughline(platform: Platform, tmp_path: Path) -> Throughline:
    """The command line as a user has it, beside a platform that `up` would have started."""
    state = tmp_path / "platform.json"
    platform.addresses.write(state)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from deploy.cli.main import app; app()", *args],
            env={"PATH": os.environ["PATH"], "THROUGHLINE_STATE": str(state), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def told(done: subprocess.CompletedProcess[str], expected_code: int = 0) -> dict[str, Any]:
    """The JSON document of a command that ended as expected."""
    assert expected_code == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three orders, a line that is none, and the first order once more."""
    path = tmp_path / "orders.ndjson.gz"
    orders = [order(f"LOADED-{n}") for n in range(3)]
    path.write_bytes(gzip.compress(b"\n".join([*orders, b"{not an order", orders[0]])))
    return path


class TestLoad:
    def test_doubles_nothing_when_done_again(self, throughline: Throughline, file: Path) -> None:
        """A load that was interrupted is repeated whole, and what was refused is named by line."""
        documents = [told(throughline("load", str(file), "--json"), expected_code=3) for _ in range(2)]

        found = [tuple(document[name] for name in ("sent", "new", "repeated", "refused")) for document in documents]
        assert [(5, 3, 1, 1), (5, 0, 4, 1)] == found
        [rejected] = map(json.loads, Path(documents[0]["rejects_file"]).read_text().splitlines())
        assert (4, 400) == (rejected["line"], rejected["status"])
        status = told(throughline("status", "--json"))
        assert status["parts"]["intake"]["answers"]


class TestShow:
    async def test_tells_a_timeline(self, throughline: Throughline, reach: Reach) -> None:
        """What happened, and what must happen next, without a patient in it."""
        referral = await send_order(reach, "SHOWN-1")
        await eventually(lambda: timeline(reach, referral))

        document = told(throughline("show", referral, "--json"))

        assert "org.throughline.referral.received.v1" == document["facts"][0]["type"]
        assert "referral.received" in throughline("show", referral).stdout

    def test_knows_no_other(self, throughline: Throughline) -> None:
        """A referral that does not exist is a sentence and a code, not a traceback."""
        done = throughline("show", "demo-nobody")

        assert (1, "") == (done.returncode, done.stdout)
        assert "Traceback" not in done.stderr


class TestParked:
    def test_lists_nothing_when_all_is_taken_in(self, throughline: Throughline) -> None:
        """An empty list is a result, not a failure."""
        assert isinstance(told(throughline("parked", "list", "--json"))["parked"], list)

    async def test_is_resolved_by_name(self, throughline: Throughline, reach: Reach, poisoner: Poisoner) -> None:
        """What an operator sees can be tried again and given up, and naming it twice does nothing more."""
        key, named = "demo-operated", ("--source", "intake", "--sequence", "1", "--json")
        await poisoner.tell(key, b"{")
        await eventually(lambda: row(reach, key))

        listed = told(throughline("parked", "show", key, "--json"))["parked"]
        left = told(throughline("parked", "replay", "tracking", key, *named))["left"]
        given_up = [told(throughline("parked", "discard", "tracking", key, *named))["left"] for _ in range(2)]

        assert {("intake", 1, "invalid-json")} == {(e["service"], e["sequence"], e["reason"]) for e in listed}
        assert ["invalid-json"] == [entry["reason"] for entry in left]
        assert [[], []] == given_up


class TestTopicsApply:
    def test_makes_nothing_that_is_there(self, throughline: Throughline) -> None:
        """A platform that runs has its topics."""
        document = told(throughline("topics", "apply", "--json"))

        assert [] == document["created"]
        there = document["there_already"]
        facts = {topic_of(service) for service in SERVICES}
        assert {*facts, *map(dead_letter_topic, facts), ACCESS_TOPIC} == set(there)
        assert len(set(there)) == len(there)
