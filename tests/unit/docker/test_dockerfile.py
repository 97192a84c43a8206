"""Which image has what: production has nothing that lets people in without a password or plays another's part."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STAGE = re.compile(r"^FROM (?P<base>\S+)(?: AS (?P<name>\S+))?$", re.MULTILINE)
LEFT_OUT = {"deploy/issuer", "deploy/simulators", "deploy/reference", "bench", "tests"}
BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("deploy.issuer", "deploy.simulators", "deploy.reference", "aiosmtpd")):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
import deploy.cli.main
from deploy.platform import registry
registry.blueprints()
"""


def stages() -> dict[str, tuple[str, str]]:
    """Each stage by name: what it begins with, and its instructions."""
    text = (ROOT / "deploy/docker/Dockerfile").read_text().replace("\\\n", " ")
    found = list(STAGE.finditer(text))
    ends = [*(each.start() for each in found[1:]), len(text)]
    return {each["name"]: (each["base"], text[each.end() : end]) for each, end in zip(found, ends, strict=True)}


def copied(stage: str) -> set[str]:
    """What of this repository a stage has, that of its bases and of the stages that it copies from included."""
    if stage not in stages():
        return set()
    base, text = stages()[stage]
    found = copied(base)
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        options = dict(re.findall(r"--(\w+)=(\S+)", line))
        sources = [word for word in line.split() if not word.startswith("--")][:-1]
        found |= copied(options["from"]) if "from" in options else set(sources)
    return found


class TestProduction:
    def test_has_the_services_and_the_command_line(self) -> None:
        """All that an installation runs."""
        assert {"services", "shared", "deploy/cli", "deploy/config"} <= copied("production")

    def test_has_no_issuer_simulator_bench_or_test(self) -> None:
        """An issuer without passwords would let anybody in, if it were only there."""
        assert set() == {name for name in copied("production") if any(it.startswith(name) for it in LEFT_OUT)}

    def test_is_built_unless_another_is_named(self) -> None:
        """The last stage."""
        assert "production" == list(stages())[-1]

    def test_refuses_settings_that_are_for_demos(self) -> None:
        """Whoever starts it need not know of the profile."""
        assert "ENV THROUGHLINE_PROFILE=production" in stages()["production"][1]

    def test_has_all_that_its_command_line_wants(self) -> None:
        """No command leads to what was left out."""
        done = subprocess.run([sys.executable, "-c", BLOCKED], cwd=ROOT, capture_output=True, text=True, check=False)

        assert 0 == done.returncode, done.stderr

    def test_has_no_package_of_the_simulators(self) -> None:
        """The lock of the demo has them beside those of production."""
        locks = [(ROOT / f"deploy/docker/{name}.lock").read_text() for name in ("requirements", "demo")]
        production, demo = (set(re.findall(r"^([\w.-]+==[\w.]+)", lock, re.MULTILINE)) for lock in locks)

        assert {"aiosmtpd", "atpublic"} == {pin.partition("==")[0] for pin in demo - production}
        assert set() == production - demo


class TestDemo:
    @pytest.mark.parametrize("folder", ["services", "shared", "deploy"])
    def test_has_everything(self, folder: str) -> None:
        """The issuer, the simulators and the set-up are below `deploy`."""
        assert folder in copied("demo")

    def test_is_what_compose_builds(self) -> None:
        """It has the simulators to talk to."""
        assert "target: demo" in (ROOT / "docker-compose.yml").read_text()
