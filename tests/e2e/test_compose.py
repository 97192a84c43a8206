import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.cli.reach import Reach, reaching
from deploy.local.containers import find
from deploy.local.tools import Lacking, output_of
from deploy.platform import registry
from deploy.platform.addresses import Addresses
from tests.e2e.composed import Composed, composed
from tests.e2e.running import eventually, order, send_order, timeline, types_of
from tests.support.sizes import SIZES

pytestmark = pytest.mark.timeout(1200)

REQUESTS, DAYS = SIZES.composed_story
KEYS = "import json; print(*(jwk['kid'] for jwk in json.load(open('/keys/sealing.json'))['keys']))"
INVADE = "import os; print(os.getuid(), os.getgid()); open('/usr/planted.py', 'w')"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """The platform in containers, started once; what a test adds stays."""
    try:
        find()
        output_of(["docker", "compose", "version"], "install docker compose")
    except Lacking as lacking:
        pytest.skip(str(lacking))
    with composed(tmp_path_factory.mktemp("compose")) as running:
        yield running


@pytest.fixture(scope="module")
def addresses(platform: Composed) -> Addresses:
    """Where this machine finds it."""
    return platform.addresses()


def restart(platform: Composed) -> None:
    """Everything at once, in good order."""
    platform.compose("restart")
    platform.up()


def down_and_up(platform: Composed) -> None:
    """The containers are gone, the volumes stay."""
    platform.compose("down")
    platform.up()


def power_failure(platform: Composed) -> None:
    """Every container, broker and database included, ends in the middle of a word."""
    platform.compose("kill")
    platform.up()


INTERRUPTS = [*([restart] if SIZES.are_containers_restarted else []), down_and_up, power_failure]


async def is_chosen_for(reach: Reach, referral: str) -> bool:
    """Whether intake told of it, scheduling heard that and told, and tracking heard both."""
    return "provider.chosen" in await types_of(reach, referral)


async def facts_of(reach: Reach, referral: str) -> set[tuple[str, int]]:
    """Which facts of which services tracking has recorded."""
    return {(fact["service"], fact["sequence"]) for fact in await timeline(reach, referral)}


class TestMainJob:
    def test_is_the_demo(self, platform: Composed) -> None:
        """Referrals of every kind go in, weeks go by, and all of them are closed or wait for somebody."""
        done = platform.cli("demo", "--running", "--referrals", str(REQUESTS), "--days", str(DAYS), "--json")

        assert 0 == done.returncode, done.stderr[-2000:]
        told = json.loads(done.stdout)
        assert [] == told["disagreements"]
        assert REQUESTS == told["sent"]["sent"]
        assert told["sums"]["in"] == told["sums"]["closed"] + told["sums"]["waiting"] > 0
        assert told["outside"]["authorization"]["effects"] > 0

    async def test_is_loading_a_file_from_this_machine(self, addresses: Addresses, tmp_path: Path) -> None:
        """The command line finds the containers by the credentials that it was given, as the README says."""
        file = tmp_path / "orders.ndjson"
        file.write_bytes(b"\n".join(order(f"FILE-{n}") for n in range(5)))

        loaded = cli_here(addresses, "load", str(file))
        status = cli_here(addresses, "status")

        assert (5, 5, 0) == (loaded["sent"], loaded["new"], loaded["refused"])
        assert {True} == {part["answers"] for part in status["parts"].values()}
        async with reaching(addresses) as reach:
            referral = await send_order(reach, "FILE-0")
            await eventually(partial(is_chosen_for, reach, referral), timeout_s=120)
        assert referral == cli_here(addresses, "show", referral)["referral_id"]


def cli_here(addresses: Addresses, *argv: str) -> dict[str, Any]:
    """What the command line on this machine tells of the platform in containers."""
    urls = {f"THROUGHLINE_{name.upper()}_URL": url for name, url in addresses.urls.items()}
    env = {**os.environ, **urls, "THROUGHLINE_CREDENTIALS_FILE": str(addresses.credentials_file)}
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli", *argv, "--json"], check=True, capture_output=True, env=env, timeout=300
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


class TestState:
    @pytest.mark.parametrize("interrupt", INTERRUPTS)
    async def test_survives(
        self, platform: Composed, addresses: Addresses, interrupt: Callable[[Composed], None]
    ) -> None:
        """What was acknowledged is there afterwards, the same order is the same referral, and work goes on."""
        number = f"BEFORE-{interrupt.__name__}"
        async with reaching(addresses) as reach:
            referral = await send_order(reach, number)
            await eventually(partial(is_chosen_for, reach, referral), timeout_s=120)
            before = await facts_of(reach, referral)
            acknowledged_last = await send_order(reach, f"LAST-{interrupt.__name__}")

            interrupt(platform)

            assert before <= await facts_of(reach, referral)
            assert referral == await send_order(reach, number)
            after = await send_order(reach, f"AFTER-{interrupt.__name__}")
            for each in (acknowledged_last, after):
                await eventually(partial(is_chosen_for, reach, each), timeout_s=120)


class TestReplicas:
    async def test_share_the_work(self, platform: Composed, addresses: Addresses) -> None:
        """Each service runs twice behind the addresses that it had, and every referral is worked on."""
        platform.up(*(option for name in registry.names() for option in ("--scale", f"{name}=2")))

        async with reaching(addresses) as reach:
            referrals = [await send_order(reach, f"SHARED-{n}") for n in range(12)]
            for referral in referrals:
                await eventually(partial(is_chosen_for, reach, referral), timeout_s=120)
        platform.up()

    async def test_are_passed_over_when_they_have_ended(self, platform: Composed, addresses: Addresses) -> None:
        """Whoever asks after one of two was killed is answered by the other, though both had their turn."""
        platform.up("--scale", "intake=2")
        async with httpx2.AsyncClient(base_url=addresses.urls["intake"], trust_env=False, timeout=30) as http:
            before = [(await http.get("/livez")).status_code for _ in range(20)]
            platform.kill_one("intake")
            after = [(await http.get("/livez")).status_code for _ in range(20)]

        assert {200} == set(before + after)
        platform.up()


class TestContainers:
    @pytest.mark.parametrize("part", [*registry.names(), "ingress"])
    def test_may_do_little(self, platform: Composed, part: str) -> None:
        """Nobody in particular runs it, and whoever breaks in can leave nothing behind."""
        done = platform.attempt("exec", "--no-TTY", part, "python", "-c", INVADE)

        assert "10001 10001" == done.stdout.strip()
        assert "Read-only file system" in done.stderr

    @pytest.mark.parametrize("part", registry.names())
    def test_holds_the_keys_of_its_audiences_alone(self, platform: Composed, part: str) -> None:
        """Notifications cannot read a diagnosis even if it wanted to."""
        kids = platform.compose("exec", "--no-TTY", part, "python", "-c", KEYS).split()

        assert {f"demo:{audience}:1" for audience in registry.audiences()[part]} == set(kids)

    async def test_let_people_log_in_from_a_browser(self, addresses: Addresses) -> None:
        """The issuer has one name, which this machine reaches, though inside it has another address."""
        async with httpx2.AsyncClient(follow_redirects=True, trust_env=False, timeout=60) as browser:
            page = await browser.get(f"{addresses.urls['tracking']}/login/start")
            assert str(page.url).startswith(addresses.urls["issuer"])

            console = await browser.get(page.url.copy_add_param("person", "casey.coordinator"))

            assert (200, f"{addresses.urls['tracking']}/") == (
                console.status_code,
                str(console.url.copy_with(query=None)),
            )
