"""A service is its folder and its blueprint: a sixth in a folder of its own starts, with no list that names it.

What is not derived from the blueprints is held against the folders here: files that Docker and Caddy read, documented
ports, and the catalogue of published facts, which may import no service.
"""

import asyncio
import gc
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

import services
from deploy.acls import Prefixes, bindings, grants
from deploy.cli.quiet import unrest
from deploy.cli.reach import find_platform
from deploy.local.platform import free_ports
from deploy.local.programs import Setting, programs
from deploy.local.stack import Stack
from deploy.platform import registry
from deploy.platform.addresses import DEFAULT_PORTS
from deploy.platform.keys import write_register, write_state
from deploy.platform.parties import parties_of
from shared.contracts.catalogue import PUBLISHED
from shared.contracts.envelope import topic_of
from shared.identity import Role
from shared.sealing import Keyring
from shared.service import Figures, Hooks, Service, wire
from tests.support.callers import Issuer, client_of
from tests.support.clients import everybody
from tests.support.five_services.wiring import app_of
from tests.support.memory import EPOCH, MemoryWorld
from tests.support.tally import REFERRAL, record
from tests.unit.cli.looks import NOON, look

ROOT = Path(__file__).parents[2]
FOUND = {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
OTHER_PARTS = {"issuer", "simulators", "cli"}
PRINCIPAL = "User:throughline-sixth"


def named(file: str, pattern: str) -> set[str]:
    """Every word that a file has in the place of a service's name."""
    return set(re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE))


def parts_of_image() -> set[str]:
    """For whom the image makes a folder of keys."""
    [parts] = named("deploy/docker/Dockerfile", r"for part in ([a-z ]+);")
    return set(parts.split())


LISTS = {
    "deploy/platform/addresses.py DEFAULT_PORTS (its port)": set(DEFAULT_PORTS) - {"simulators", "issuer", "smtp"},
    "docker-compose.yml (its container)": named("docker-compose.yml", r'"services\.(\w+)\.app:create_app"'),
    "docker-compose.yml setup (its keys)": named("docker-compose.yml", r"-keys:/parts/(\w+)$") - OTHER_PARTS,
    "docker-compose.yml volumes (its keys)": named("docker-compose.yml", r"^  (\w+)-keys:$") - OTHER_PARTS,
    "docker-compose.yml cli (its URL)": {
        name.lower() for name in named("docker-compose.yml", r"THROUGHLINE_([A-Z]+)_URL: ")
    }
    - OTHER_PARTS,
    "deploy/docker/Dockerfile (the folder of its keys)": parts_of_image() - OTHER_PARTS,
    "deploy/docker/ingress/Caddyfile (its port)": named(
        "deploy/docker/ingress/Caddyfile", r"^\timport replicas (\w+) 8080$"
    ),
}
SIXTH = '''
"""A service that counts complete referrals."""

from shared.contracts.intake import ReferralFoundComplete
from shared.service import Blueprint, Kind, assemble
from tests.support.tally import TALLY, on_complete

SERVICE = Blueprint(
    name="sixth",
    kinds=(
        Kind(TALLY, "tallies", consumes=("intake",), reactions=lambda _parts: {ReferralFoundComplete: on_complete}),
    ),
    opens=("logistics",),
    asks=frozenset({"ehr"}),
)


def create_app(settings=None, world=None):
    return assemble(SERVICE, settings, world)
'''


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_every_service(name: str) -> None:
    """Whoever adds a service adds it here, too."""
    assert FOUND == LISTS[name], f"Add to {name}: {FOUND - LISTS[name]}; remove: {LISTS[name] - FOUND}"


def test_the_registry_has_every_service_under_its_own_name() -> None:
    """A folder is a service, and its blueprint has the folder's name."""
    named_so = {name: blueprint.name for name, blueprint in registry.blueprints().items()}

    assert (FOUND, {name: name for name in FOUND}) == (set(registry.names()), named_so)


def test_the_catalogue_names_every_publisher() -> None:
    """Those whose blueprint says that they publish."""
    assert set(PUBLISHED) == {source for blueprint in registry.blueprints().values() for source in blueprint.publishes}


@pytest.fixture
def sixth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The app module of a sixth service, in a temporary folder beside those of the others."""
    path = tmp_path / "services" / "sixth" / "app.py"
    path.parent.mkdir(parents=True)
    path.write_text(SIXTH)
    path.with_name("__init__.py").touch()
    monkeypatch.setattr(services, "__path__", [*services.__path__, str(path.parents[1])])
    yield import_module("services.sixth.app")
    for module in ("services.sixth.app", "services.sixth"):
        del sys.modules[module]


@pytest.fixture
def _collector() -> Iterator[None]:
    """A service that starts sets the garbage collector: it is set back."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
def setting(sixth: Any, tmp_path: Path) -> Setting:
    """A platform with a sixth service, its keys and parties written down."""
    del sixth
    keys, ports = tmp_path / "keys", free_ports()
    write_state(keys, ["demo"])
    write_register(keys, parties_of("demo"), "http://simulators.example")
    stack = Stack("given", "broker.example:9092", "mongodb://database.example", True, 500, "the test says so")
    return Setting(stack, "demo", ports, keys, tmp_path, "invented", 0.2)


@pytest.fixture
async def running(sixth: Any) -> AsyncIterator[tuple[MemoryWorld, Service]]:
    """The sixth service at work, from its blueprint alone: nothing in shared knows its name."""
    world, http = MemoryWorld(), httpx2.AsyncClient()
    hooks = Hooks(lambda *_, **_labels: None, _shown, lambda _error: None, lambda: None)
    service = wire(sixth.SERVICE, world, Keyring({"keys": []}), everybody(http), hooks, poll_s=0.01)
    await service.start()
    yield world, service
    await service.stop()
    await http.aclose()


@pytest.fixture
def app(sixth: Any, running: tuple[MemoryWorld, Service], issuer: Issuer) -> FastAPI:
    """Its routes, guarded as those of every service are."""
    plan, (_, service) = sixth.SERVICE, running
    made = app_of(plan, issuer.verifier(), lambda: service)
    made.state.service = service
    return made


@pytest.fixture
def issuer() -> Issuer:
    """Who signs the callers' tokens."""
    return Issuer()


@pytest.mark.usefixtures("_collector")
async def test_a_sixth_service_starts_and_consumes(
    sixth: Any, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From what `throughline up` gives it, it starts, is ready, and takes a fact that was published before."""
    for name, value in programs(setting)["sixth"].env.items():
        monkeypatch.setenv(name, value)
    world = MemoryWorld()
    await world.bus.send(topic_of("intake"), world.bus.partition_of(REFERRAL), [record(1, EPOCH)])

    made: FastAPI = sixth.create_app(world=world)
    async with made.router.lifespan_context(made), client_of(made) as client, asyncio.timeout(20):
        service: Service = made.state.service
        while (found := await service.engine.read(REFERRAL)) is None:
            await world.clock.sleep(0.01)
        ready = await client.get("/readyz")

    assert (1, {"intake": 1}, 200) == (found.version, found.seen, ready.status_code)


def test_a_sixth_service_gets_its_keys_and_no_others(setting: Setting) -> None:
    """Those of the audiences whose seals it opens; the command line and the console get tokens for it."""
    kept = json.loads((setting.keys / "sealing" / "sixth.json").read_text())
    clients = json.loads((setting.keys / "issuer" / "clients.json").read_text())["clients"]
    believed_by = [client["client_id"] for client in clients if "throughline-sixth" in client["audiences"]]

    assert ["demo:logistics:1"] == [key["kid"] for key in kept["keys"]]
    assert ["demo-cli", "demo-console"] == believed_by
    assert ("intake", "sixth") == registry.askers_of("ehr")


def test_a_sixth_service_has_its_rights_on_the_broker(sixth: Any) -> None:
    """It reads what it consumes, and may write no facts."""
    found = bindings(grants(registry.blueprints().values(), Prefixes()))

    topics = {(it.operation, it.name) for it in found if (it.principal, it.resource) == (PRINCIPAL, "topic")}
    assert ("Read", topic_of("intake")) in topics
    assert not any((operation, name) == ("Write", topic_of("intake")) for operation, name in topics)


def test_the_command_line_knows_a_sixth_service(sixth: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reaches it by the environment, and time waits until it has consumed what was published."""
    monkeypatch.setenv("THROUGHLINE_CREDENTIALS_FILE", str(tmp_path / "client.json"))
    monkeypatch.setenv("THROUGHLINE_SIXTH_URL", "http://sixth.example")
    found = look({"intake": {"told": 1}, **{name: {"seen_intake": 1} for name in FOUND - {"intake"}}})

    assert "http://sixth.example" == find_platform().urls["sixth"]
    assert "sixth has not taken in 1 facts of intake" == unrest(found, NOON, registry.consumes())


async def test_a_sixth_service_serves_its_operators(app: FastAPI, issuer: Issuer) -> None:
    """They see what is parked; how far it is, a database alone can tell."""
    async with client_of(app, **issuer.headers(Role.OPERATOR)) as client:
        answer = await client.get("/v1/parked")

    assert (200, {"parked": [], "next": None}) == (answer.status_code, answer.json())


@pytest.mark.parametrize("path", ["/v1/parked", "/v1/progress"])
async def test_a_sixth_service_serves_nobody_else(app: FastAPI, issuer: Issuer, path: str) -> None:
    """A stranger is told to log in, and a clinician that this is not theirs."""
    async with client_of(app) as stranger, client_of(app, **issuer.headers(Role.CLINICIAN)) as clinician:
        found = (await stranger.get(path)).status_code, (await clinician.get(path)).status_code

    assert (401, 403) == found


def _shown(_figures: Figures) -> None:
    """Figures that nobody looks at."""
