"""A service is found by its folder; every list that names the services by hand is held against the folders."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from importlib import util
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
from fastapi import FastAPI

from deploy.acls.plans import PLANS, plans
from deploy.cli import token
from deploy.cli.quiet import CONSUMES, Collection
from deploy.cli.reach import ReachSettings
from deploy.local.programs import SERVICES as PROGRAMS
from deploy.platform.addresses import DEFAULT_PORTS
from deploy.platform.keys import AUDIENCES
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

ROOT = Path(__file__).parents[2]
FOUND = {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
OTHER_PARTS = {"issuer", "simulators", "cli"}


def named(file: str, pattern: str) -> set[str]:
    """Every word that a file has in the place of a service's name."""
    return set(re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE))


def parts_of_image() -> set[str]:
    """For whom the image makes a folder of keys."""
    [parts] = named("deploy/docker/Dockerfile", r"for part in ([a-z ]+);")
    return set(parts.split())


LISTS = {
    "deploy/acls/plans.py PLANS (its blueprint, for topics and ACLs)": set(PLANS),
    "deploy/cli/quiet.py CONSUMES (whose facts it consumes)": set(CONSUMES),
    "deploy/local/programs.py SERVICES (its process)": set(PROGRAMS),
    "deploy/platform/addresses.py DEFAULT_PORTS (its port)": set(DEFAULT_PORTS) - {"simulators", "issuer", "smtp"},
    "deploy/platform/keys.py AUDIENCES (the seals that it may open)": set(AUDIENCES),
    "deploy/cli/token.py Service (tokens for it)": set(get_args(token.Service)) - OTHER_PARTS,
    "deploy/cli/reach.py ReachSettings (its URL)": {
        name.removesuffix("_url") for name in ReachSettings.model_fields if name.endswith("_url")
    }
    - OTHER_PARTS,
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
PUBLISHERS = {plan.name for plan in plans() if plan.publishes}
LISTS_OF_PUBLISHERS = {
    "shared/contracts/catalogue.py PUBLISHED (its facts)": set(PUBLISHED),
    "deploy/cli/quiet.py Collection (how many of its facts were consumed)": {
        name.removeprefix("seen_") for name in Collection.model_fields if name.startswith("seen_")
    },
}
SIXTH = '''
"""A service that counts complete referrals."""

from shared.contracts.intake import ReferralFoundComplete
from shared.service import Blueprint, Kind
from tests.support.tally import TALLY, on_complete


def blueprint():
    return Blueprint(
        name="sixth",
        kinds=(
            Kind(
                TALLY, "tallies", consumes=("intake",), reactions=lambda _parts: {ReferralFoundComplete: on_complete}
            ),
        ),
        routers=(),
        policy={},
    )
'''


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_every_service(name: str) -> None:
    """Whoever adds a service adds it here, too."""
    assert FOUND == LISTS[name], f"Add to {name}: {FOUND - LISTS[name]}; remove: {LISTS[name] - FOUND}"


@pytest.mark.parametrize("name", LISTS_OF_PUBLISHERS)
def test_a_list_names_every_publisher(name: str) -> None:
    """Those whose blueprint says that they publish."""
    listed = LISTS_OF_PUBLISHERS[name]
    assert PUBLISHERS == listed, f"Add to {name}: {PUBLISHERS - listed}; remove: {listed - PUBLISHERS}"


@pytest.fixture
def sixth(tmp_path: Path) -> Iterator[Any]:
    """The app module of a sixth service, in a folder of its own."""
    path = tmp_path / "services" / "sixth" / "app.py"
    path.parent.mkdir(parents=True)
    path.write_text(SIXTH)
    spec = util.spec_from_file_location("sixth_app", path)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    sys.modules["sixth_app"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["sixth_app"]


@pytest.fixture
async def running(sixth: Any) -> AsyncIterator[tuple[MemoryWorld, Service]]:
    """The sixth service at work, from its blueprint alone: nothing in shared knows its name."""
    world, http = MemoryWorld(), httpx2.AsyncClient()
    hooks = Hooks(lambda *_, **_labels: None, _shown, lambda _error: None, lambda: None)
    service = wire(sixth.blueprint(), world, Keyring({"keys": []}), everybody(http), hooks, poll_s=0.01)
    await service.start()
    yield world, service
    await service.stop()
    await http.aclose()


@pytest.fixture
def app(sixth: Any, running: tuple[MemoryWorld, Service], issuer: Issuer) -> FastAPI:
    """Its routes, guarded as those of every service are."""
    plan, (_, service) = sixth.blueprint(), running
    made = app_of(plan, issuer.verifier(), lambda: service)
    made.state.service = service
    return made


@pytest.fixture
def issuer() -> Issuer:
    """Who signs the callers' tokens."""
    return Issuer()


async def test_a_sixth_service_starts_and_consumes(running: tuple[MemoryWorld, Service]) -> None:
    """A fact that was published before anybody knew of it."""
    world, service = running
    await world.bus.send(topic_of("intake"), world.bus.partition_of(REFERRAL), [record(1, EPOCH)])

    async with asyncio.timeout(20):
        while (found := await service.engine.read(REFERRAL)) is None:
            await world.clock.sleep(0.01)

    assert (1, {"intake": 1}) == (found.version, found.seen)


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
